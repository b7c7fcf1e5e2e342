import type { ClientCredentials } from '@socmate/contracts';
import { checkTarget, type TargetPolicy } from '@socmate/egress';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import type { Authorize } from './authorize.ts';
import { exchange } from './exchange.ts';

const DEFAULT_LIFE_S = 300;
const MAX_LIFE_S = 86_400;
/** A token is renewed when this much of its life is left. */
const EARLY_MS = 30_000;

export interface TokenDeps {
  readonly agent: Dispatcher;
  readonly policy: TargetPolicy;
  /** Of a request for a token. */
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const Token = z.object({
  access_token: z
    .string()
    .min(1)
    .max(10_000)
    .regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().catch(DEFAULT_LIFE_S),
});

interface Held {
  readonly headers: Readonly<Record<string, string>>;
  readonly renewAtMs: number;
}

/** The token endpoint gave none; its answer is not repeated, since it may hold what was sent. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}

const form = (value: string): string => encodeURIComponent(value).replaceAll('%20', '+');

function tokenRequest(auth: ClientCredentials): { headers: Record<string, string>; body: string } {
  const { client_id, client_secret, scope, audience, credentials_in } = auth;
  const isForm = credentials_in === 'body';
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(isForm && { client_id, client_secret }),
    ...(scope !== null && { scope }),
    ...(audience !== null && { audience }),
  });
  const basic = Buffer.from(`${form(client_id)}:${form(client_secret)}`).toString('base64');
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
    'user-agent': 'SoCMate-Webhooks/1',
    ...(!isForm && { authorization: `Basic ${basic}` }),
  };
  return { headers, body: body.toString() };
}

function parseToken(text: string): z.output<typeof Token> {
  try {
    return Token.parse(JSON.parse(text));
  } catch {
    throw new TokenRefusedError('the token endpoint answered no access token');
  }
}

async function fetchToken(
  auth: ClientCredentials,
  { agent, policy, timeoutMs, now }: TokenDeps,
): Promise<Held> {
  const { origin, pathname, search } = checkTarget(auth.token_url, policy);
  const request = { origin, path: pathname + search, method: 'POST', ...tokenRequest(auth) } as const;
  const { statusCode, body, fault } = await exchange(agent, request, AbortSignal.timeout(timeoutMs));
  if (fault !== undefined) throw fault;
  if (statusCode !== 200) throw new TokenRefusedError(`the token endpoint answered ${statusCode}`);
  const { access_token, expires_in } = parseToken(body);
  const lifeMs = Math.min(expires_in, MAX_LIFE_S) * 1_000;
  const headers = { authorization: `Bearer ${access_token}` };
  return { headers, renewAtMs: now() + Math.max(lifeMs - EARLY_MS, lifeMs / 2) };
}

/** Waits no longer than the attempt that asks: what is asked for goes on for the others. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const late = (): void => reject(signal.reason as Error);
  if (signal.aborted) late();
  signal.addEventListener('abort', late, { once: true });
  work.then(resolve, reject);
  return promise.finally(() => signal.removeEventListener('abort', late));
}

/** One token for all attempts of an endpoint, asked for once, until it is about to expire or is refused. */
export function createAccessTokens(auth: ClientCredentials, deps: TokenDeps): Authorize {
  let held: Held | undefined;
  let asking: Promise<Held> | undefined;
  const ask = async (): Promise<Held> => {
    try {
      held = await fetchToken(auth, deps);
      return held;
    } finally {
      asking = undefined;
    }
  };
  return {
    headers: async (signal) => {
      if (held && deps.now() < held.renewAtMs) return held.headers;
      asking ??= ask();
      return (await within(asking, signal)).headers;
    },
    // Another attempt may have asked for a newer one since.
    refused: (headers) => {
      if (held?.headers === headers) held = undefined;
    },
  };
}
