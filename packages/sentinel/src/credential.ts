import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { type AccessToken, ClientSecretCredential, type GetTokenOptions } from '@azure/identity';
import { AppError, errorMessage } from '@socmate/runtime';
import type { AzureEndpoints } from './azure-settings.ts';
import { boundedRetryPolicy } from './pipeline-policies.ts';
import type { AzureCredentials } from './workspace.ts';

const TOKEN_TIMEOUT_MS = 15_000;
const TENANT_ID = /^[A-Za-z0-9.-]+$/;

export interface Credential {
  getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken>;
}

const SENTENCES: Record<string, (credentials: AzureCredentials) => string> = {
  7000215: ({ clientId }) => `Entra ID refused the client secret of application ${clientId}: it is wrong`,
  7000222: ({ clientId }) => `Entra ID refused the client secret of application ${clientId}: it has expired`,
  700016: ({ clientId, tenantId }) => `Entra ID knows no application ${clientId} in tenant ${tenantId}`,
  90002: ({ tenantId }) => `Entra ID knows no tenant ${tenantId}`,
  900023: ({ tenantId }) => `Entra ID knows no tenant ${tenantId}`,
};

/** What Entra last answered to this credential. */
interface Seen {
  readonly status: number;
  readonly code: string | undefined;
}

function tokenFault(credentials: AzureCredentials, fault: unknown, seen: Seen | undefined): AppError {
  const code = /AADSTS(\d+)/.exec(errorMessage(fault))?.[1] ?? seen?.code;
  const named = code === undefined ? '' : ` (AADSTS${code})`;
  const sentence = SENTENCES[code ?? '']?.(credentials);
  if (sentence) return new AppError('invalid_input', `${sentence}${named}`, { cause: fault });
  if (!seen) return new AppError('unavailable', 'Entra ID could not be reached', { cause: fault });
  if (seen.status === 429 || seen.status >= 500)
    return new AppError('unavailable', `Entra ID answered ${seen.status}${named}`, { cause: fault });
  if (code !== undefined)
    return new AppError('invalid_input', `Entra ID refused the sign-in${named}`, { cause: fault });
  return new AppError('unavailable', 'Entra ID gave no access token in time', { cause: fault });
}

/** Rejects when the signal does, even where the library in between forgets to. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Sees Entra's own code, which the library forgets where the discovery is what is refused. */
function watchPolicy(onAnswer: (seen: Seen | undefined) => void): PipelinePolicy {
  return {
    name: 'socmateEntraAnswer',
    sendRequest: async (request, next) => {
      onAnswer(undefined);
      const response = await next(request);
      const code = /AADSTS(\d+)/.exec(response.bodyAsText ?? '')?.[1];
      onAnswer({ status: response.status, code: response.status < 400 ? undefined : code });
      return response;
    },
  };
}

/** Tokens for the resource manager, kept until they end; refusals in sentences that are safe to show. */
export function createCredential(
  { authorityHost }: AzureEndpoints,
  credentials: AzureCredentials,
): Credential {
  let seen: Seen | undefined;
  const watch = watchPolicy((answer) => {
    seen = answer;
  });
  const { tenantId, clientId, clientSecret } = credentials;
  if (!TENANT_ID.test(tenantId) || clientId === '' || clientSecret === '')
    throw new AppError('invalid_input', 'The tenant id, client id or client secret is missing or malformed');
  const inner = new ClientSecretCredential(tenantId, clientId, clientSecret, {
    authorityHost,
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [
      { policy: boundedRetryPolicy(['GET', 'POST']), position: 'perRetry' },
      { policy: watch, position: 'perRetry' },
    ],
  });
  return {
    getToken: async (scopes, options = {}) => {
      const caller = options.abortSignal as AbortSignal | undefined;
      const deadline = AbortSignal.timeout(TOKEN_TIMEOUT_MS);
      const signal = caller ? AbortSignal.any([caller, deadline]) : deadline;
      try {
        return await untilAborted(inner.getToken(scopes, { ...options, abortSignal: signal }), signal);
      } catch (fault) {
        if (caller?.aborted) throw fault;
        throw tokenFault(credentials, fault, seen);
      }
    },
  };
}
