import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@socmate/runtime';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import { ArmError } from './arm-error.ts';
import type { Application, Tenant } from './tenant.ts';

export const TOKEN_LIFETIME_S = 3_599;

export interface AccessTokens {
  readonly jwks: { readonly keys: readonly JWK[] };
  issue(application: Application, audience: string, options?: { isExpired?: boolean }): Promise<string>;
  /** The application a token speaks for; refuses as ARM does. */
  verify(authorization: string | undefined, isAudience: (audience: string) => boolean): Promise<Application>;
}

async function openKey(dataDir: string): Promise<JWK> {
  const file = join(dataDir, 'signing-key.json');
  if (!existsSync(file)) {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    writeFileSync(`${file}.new`, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as JWK;
}

const unauthorized = (code: string, message: string): ArmError =>
  new ArmError(401, code, message, {
    'www-authenticate': `Bearer authorization_uri="https://login.windows.net/", error="invalid_token", error_description="${message}"`,
  });

export function expiredToken(end: Date, now: Date): ArmError {
  const message = `The access token expiry UTC time '${end.toISOString()}' is earlier than current UTC time '${now.toISOString()}'.`;
  return unauthorized('ExpiredAuthenticationToken', message);
}

export async function openAccessTokens(dataDir: string, tenant: Tenant, clock: Clock): Promise<AccessTokens> {
  const jwk = await openKey(dataDir);
  const { kty, n, e } = jwk;
  const kid = await calculateJwkThumbprint(jwk);
  const publicJwk: JWK = { kty: kty ?? 'RSA', n: n ?? '', e: e ?? '', kid, use: 'sig', alg: 'RS256' };
  const privateKey = (await importJWK(jwk, 'RS256')) as CryptoKey;
  const publicKey = (await importJWK(publicJwk, 'RS256')) as CryptoKey;
  const issuer = `https://sts.windows.net/${tenant.id}/`;
  return {
    jwks: { keys: [publicJwk] },
    issue: (application, audience, { isExpired = false } = {}) => {
      const start = Math.floor(clock.now().getTime() / 1_000) - (isExpired ? 2 * TOKEN_LIFETIME_S : 0);
      return new SignJWT(claimsOf(application, tenant))
        .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(start)
        .setNotBefore(start)
        .setExpirationTime(start + TOKEN_LIFETIME_S)
        .sign(privateKey);
    },
    verify: async (authorization, isAudience) => {
      const payload = await readToken(authorization, publicKey, { clock, issuer });
      const audience = String(payload.aud);
      if (!isAudience(audience)) {
        const message = `The access token has been obtained for wrong audience or resource '${audience}'.`;
        throw unauthorized('InvalidAuthenticationTokenAudience', message);
      }
      const application = tenant.principal(String(payload['appid']));
      if (!application) throw unauthorized('InvalidAuthenticationToken', 'The access token is invalid.');
      return application;
    },
  };
}

function claimsOf(application: Application, tenant: Tenant): Record<string, unknown> {
  return {
    appid: application.clientId,
    appidacr: '1',
    idp: `https://sts.windows.net/${tenant.id}/`,
    idtyp: 'app',
    oid: application.objectId,
    sub: application.objectId,
    tid: tenant.id,
    ver: '1.0',
  };
}

async function readToken(
  authorization: string | undefined,
  key: CryptoKey,
  { clock, issuer }: { clock: Clock; issuer: string },
): Promise<Record<string, unknown>> {
  const [scheme, token] = (authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || !token) {
    const message = "Authentication failed. The 'Authorization' header is missing.";
    throw unauthorized('AuthenticationFailed', message);
  }
  try {
    const options = { issuer, algorithms: ['RS256'], currentDate: clock.now() };
    return (await jwtVerify(token, key, options)).payload;
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) {
      throw expiredToken(new Date((cause.payload.exp ?? 0) * 1_000), clock.now());
    }
    throw unauthorized('InvalidAuthenticationToken', 'The access token is invalid.');
  }
}
