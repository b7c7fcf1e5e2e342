import type { EndpointAuth } from '@socmate/contracts';
import { createAccessTokens, type TokenDeps } from './access-tokens.ts';

/** The headers that prove who sends; within the attempt's deadline. */
export interface Authorize {
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Told which headers the receiver did not accept. */
  refused(headers: Readonly<Record<string, string>>): void;
}

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

function fixed(headers: Readonly<Record<string, string>>): Authorize {
  const answer = Promise.resolve(headers);
  return { headers: () => answer, refused: () => undefined };
}

export function createAuthorize(auth: EndpointAuth, deps: TokenDeps): Authorize {
  if (auth.type === 'oauth2_client_credentials') return createAccessTokens(auth, deps);
  if (auth.type === 'header') return fixed({ [auth.name.toLowerCase()]: auth.value });
  return fixed(auth.type === 'basic' ? { authorization: basic(auth.username, auth.password) } : {});
}

/** What of an `auth` may be shown to nobody. */
export function authSecrets(auth: EndpointAuth): string[] {
  if (auth.type === 'oauth2_client_credentials') return [auth.client_secret];
  if (auth.type === 'header') return [auth.value];
  return auth.type === 'basic' ? [auth.password] : [];
}
