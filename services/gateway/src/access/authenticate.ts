import { Scope } from '@socmate/contracts';
import { parseApiKey, verifySecret } from '@socmate/crypto';
import type { ApiKeyCredential, ApiKeyCredentials } from '@socmate/database';
import type { Principal, RequestInfo } from '@socmate/http';
import { AppError, type Clock } from '@socmate/runtime';

/** A key that was disabled, changed or deleted in another process is treated so within this time. */
const CREDENTIAL_CACHE_MS = 2_000;

const CACHE_MAX = 10_000;

export interface Authenticator {
  /** Throws a 401; a key's state is told only to who knows its secret. */
  authenticate(request: RequestInfo): Promise<Principal>;
  /** After a key was changed: this process looks it up again at once. */
  forget(keyId: string): void;
}

export interface AuthenticatorDeps {
  readonly credentials: Pick<ApiKeyCredentials, 'byKeyId'>;
  readonly clock: Clock;
  readonly onUse: (keyId: string, ip: string) => void;
}

const refused = (message: string): AppError => new AppError('unauthenticated', message);

const toPrincipal = (key: ApiKeyCredential): Principal => ({
  id: key.id,
  kind: 'api_key',
  name: key.name,
  // A bootstrap key has the role admin, and with it every scope, those of later versions included.
  scopes: key.isBootstrap ? Scope.options : key.scopes,
  providers: key.providers,
  rateLimitPerMinute: key.rateLimitPerMinute,
});

function assertUsable({ disabledAt, expiresAt }: ApiKeyCredential, now: Date): void {
  if (disabledAt) throw refused('the API key is disabled');
  if (expiresAt && expiresAt <= now) throw refused(`the API key expired at ${expiresAt.toISOString()}`);
}

function createLookup({ credentials, clock }: AuthenticatorDeps) {
  const known = new Map<string, { credential: ApiKeyCredential; readAt: number }>();
  return {
    forget: (keyId: string) => void known.delete(keyId),
    find: async (keyId: string): Promise<ApiKeyCredential | undefined> => {
      const readAt = clock.now().getTime();
      const cached = known.get(keyId);
      if (cached && readAt - cached.readAt < CREDENTIAL_CACHE_MS) return cached.credential;
      const credential = await credentials.byKeyId(keyId);
      if (known.size >= CACHE_MAX) known.clear();
      if (credential) known.set(keyId, { credential, readAt });
      else known.delete(keyId);
      return credential;
    },
  };
}

export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const { find, forget } = createLookup(deps);
  return {
    forget,
    authenticate: async (request) => {
      const given = request.header('x-api-key');
      if (given === undefined || given === '') throw refused('an API key is needed in the X-API-Key header');
      const parsed = parseApiKey(given);
      const key = parsed && (await find(parsed.keyId));
      if (!key || !verifySecret(parsed.secret, key.secretHash)) throw refused('the API key is not valid');
      assertUsable(key, deps.clock.now());
      deps.onUse(key.id, request.ip);
      return toPrincipal(key);
    },
  };
}
