import { EndpointAuth, sealContext } from '@socmate/contracts';
import { maskSecret, type Sealer } from '@socmate/crypto';
import type { EndpointChange, EndpointRecord } from '@socmate/database';
import { checkTarget, type TargetPolicy } from '@socmate/egress';
import { AppError, invalidField } from '@socmate/runtime';
import { assertSecret, assertWholeUrl } from './assert-secret.ts';
import { maskUrl } from './mask-url.ts';

const TOKEN_URL = ['body', 'auth', 'token_url'];
const SECRETS = ['value', 'password', 'client_secret'];

/** Gate one for the address that tokens come from: a 422 at its own field. */
export function checkAuth(auth: EndpointAuth, policy: TargetPolicy): void {
  if (auth.type !== 'oauth2_client_credentials') return;
  try {
    assertWholeUrl(checkTarget(auth.token_url, policy), TOKEN_URL);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const issues = cause.issues.map((issue) => ({ ...issue, loc: TOKEN_URL }));
    throw new AppError(cause.code, cause.message, { cause, issues });
  }
}

/** Without its secrets. */
function withoutSecrets(auth: EndpointAuth): EndpointAuth {
  if (auth.type === 'header') return { ...auth, value: maskSecret(auth.value) };
  if (auth.type === 'basic') return { ...auth, password: maskSecret(auth.password) };
  if (auth.type === 'none') return auth;
  return { ...auth, client_secret: maskSecret(auth.client_secret) };
}

/** As those see it who may not write endpoints: an address may hold a token. */
function masked(auth: EndpointAuth): EndpointAuth {
  const shown = withoutSecrets(auth);
  if (shown.type !== 'oauth2_client_credentials') return shown;
  return { ...shown, token_url: maskUrl(new URL(shown.token_url)) };
}

function openAuth(sealer: Sealer, { id, auth_sealed }: EndpointRecord): EndpointAuth {
  if (auth_sealed === null) return { type: 'none' };
  return EndpointAuth.parse(JSON.parse(sealer.open(auth_sealed, sealContext.webhookAuth(id))));
}

export const shownAuth = (sealer: Sealer, endpoint: EndpointRecord, mayWrite: boolean): EndpointAuth =>
  mayWrite ? withoutSecrets(openAuth(sealer, endpoint)) : endpoint.auth_masked;

export function authColumns(sealer: Sealer, id: string, auth: EndpointAuth): EndpointChange {
  const given = new Map<string, string | null>(Object.entries(auth));
  for (const name of SECRETS) assertSecret(given.get(name) ?? undefined, ['body', 'auth', name]);
  return {
    auth_sealed: auth.type === 'none' ? null : sealer.seal(JSON.stringify(auth), sealContext.webhookAuth(id)),
    auth_masked: masked(auth),
  };
}

/** A secret that came back as it is shown stands for the stored one; what is stored is opened only for that. */
export function patchedAuth(sealer: Sealer, stored: EndpointRecord, patch: EndpointAuth): EndpointAuth {
  const shown = new Map<string, unknown>(Object.entries(stored.auth_masked));
  if (patch.type !== shown.get('type')) return patch;
  const back = Object.entries(patch).filter(
    ([name, value]) => [...SECRETS, 'token_url'].includes(name) && shown.get(name) === value,
  );
  if (back.length === 0) return patch;
  const kept = openAuth(sealer, stored);
  const values = new Map<string, unknown>(Object.entries(kept));
  const made = EndpointAuth.parse({
    ...patch,
    ...Object.fromEntries(back.map(([name]) => [name, values.get(name)])),
  });
  assertNotHandedOn(made, kept);
  return made;
}

/** A stored client secret goes nowhere else than where it was meant to. */
function assertNotHandedOn(made: EndpointAuth, kept: EndpointAuth): void {
  if (made.type !== 'oauth2_client_credentials' || kept.type !== made.type) return;
  if (made.token_url === kept.token_url || made.client_secret !== kept.client_secret) return;
  throw invalidField(
    ['body', 'auth', 'client_secret'],
    'is given again where the token URL changes',
    'missing',
  );
}
