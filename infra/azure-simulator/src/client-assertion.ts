import { createHash, type X509Certificate } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { Refusal } from './entra.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Clients' clocks may differ so far from Entra's. */
const CLOCK_TOLERANCE_S = 300;

export interface Assertion {
  readonly type: string | null;
  readonly jwt: string;
  readonly clientId: string;
  /** The token endpoint as the client wrote it. */
  readonly audience: string;
}

const refuse = (code: number, message: string): Refusal => ({
  status: 401,
  error: 'invalid_client',
  code,
  message,
});

const unknownKey = (thumbprint: string): Refusal =>
  refuse(
    700_027,
    `Client assertion contains an invalid signature. [Reason - The key was not found., Thumbprint of key used by client: '${thumbprint}']`,
  );

const thumbprint = (certificate: X509Certificate, algorithm: 'sha1' | 'sha256'): string =>
  createHash(algorithm).update(certificate.raw).digest('base64url');

interface Header {
  readonly x5t?: string;
  readonly 'x5t#S256'?: string;
}

function headerOf(jwt: string): Header | undefined {
  try {
    return decodeProtectedHeader(jwt);
  } catch {
    return undefined;
  }
}

function isRegistered(header: Header, certificate: X509Certificate): boolean {
  const given = header['x5t#S256'];
  if (given !== undefined) return given === thumbprint(certificate, 'sha256');
  return header.x5t === thumbprint(certificate, 'sha1');
}

function timeRange(now: Date): Refusal {
  const message = `Client assertion is not within its valid time range. Current time: ${now.toISOString()}.`;
  return refuse(700_024, message);
}

function refusalOf(fault: unknown, now: Date): Refusal {
  if (fault instanceof errors.JWTExpired) return timeRange(now);
  if (!(fault instanceof errors.JWTClaimValidationFailed)) {
    return refuse(700_027, 'Client assertion contains an invalid signature.');
  }
  if (fault.claim === 'nbf') return timeRange(now);
  return fault.claim === 'aud'
    ? refuse(700_023, 'Client assertion audience claim does not match Realm issuer.')
    : refuse(700_021, "Client assertion application identifier does not match 'client_id' parameter.");
}

/** What Entra has against a signed assertion: it must be of the registered certificate, for this endpoint and time. */
export async function assertionRefusal(
  { type, jwt, clientId, audience }: Assertion,
  certificate: X509Certificate | undefined,
  now: Date,
): Promise<Refusal | undefined> {
  const header = headerOf(jwt);
  if (type !== ASSERTION_TYPE || !header) return refuse(50_027, 'JWT token is invalid or malformed.');
  if (!certificate || !isRegistered(header, certificate)) {
    return unknownKey(header['x5t#S256'] ?? header.x5t ?? '');
  }
  if (certificate.validToDate < now) {
    return refuse(
      700_027,
      'Client assertion contains an invalid signature. [Reason - The key used is expired.]',
    );
  }
  const algorithms = ['RS256', 'PS256'];
  try {
    const claims = { issuer: clientId, subject: clientId, audience };
    const time = { currentDate: now, clockTolerance: CLOCK_TOLERANCE_S };
    await jwtVerify(jwt, certificate.publicKey, { ...claims, ...time, algorithms });
    return undefined;
  } catch (fault) {
    return refusalOf(fault, now);
  }
}
