import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { type AccessToken, ClientSecretCredential, type GetTokenOptions } from '@azure/identity';
import type { AzureEndpoints } from './azure-settings.ts';
import { boundedRetryPolicy } from './pipeline-policies.ts';
import { assertWellFormed, type EntraAnswer, signInFault } from './sign-in-fault.ts';
import type { AzureCredentials } from './workspace.ts';

const TOKEN_TIMEOUT_MS = 15_000;

export interface Credential {
  getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken>;
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
function watchPolicy(onAnswer: (seen: EntraAnswer | undefined) => void): PipelinePolicy {
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
  assertWellFormed(credentials);
  let seen: EntraAnswer | undefined;
  const watch = watchPolicy((answer) => {
    seen = answer;
  });
  const { tenantId, clientId, clientSecret } = credentials;
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
        throw signInFault(credentials, fault, seen);
      }
    },
  };
}
