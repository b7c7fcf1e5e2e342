import { createDefaultHttpClient, type HttpClient } from '@azure/core-rest-pipeline';
import {
  type AccessToken,
  ClientCertificateCredential,
  ClientSecretCredential,
  type GetTokenOptions,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import type { AzureEndpoints } from './azure-settings.ts';
import { boundedRetryPolicy } from './pipeline-policies.ts';
import { assertWellFormed, type SignInAnswer, signInFault } from './sign-in-fault.ts';
import type { AzureCredentials } from './workspace.ts';

const TOKEN_TIMEOUT_MS = 15_000;

export interface Credential {
  getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken>;
  /** Azure refused this token: unless a newer one was given out since, the next call signs in again. */
  forget(token: string): void;
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

/** Sees what was answered, which the library forgets where the discovery is what is refused. */
function watchingClient(onAnswer: (seen: SignInAnswer | undefined) => void): HttpClient {
  const inner = createDefaultHttpClient();
  return {
    sendRequest: async (request) => {
      onAnswer(undefined);
      const response = await inner.sendRequest(request);
      const code = /AADSTS(\d+)/.exec(response.bodyAsText ?? '')?.[1];
      onAnswer({ status: response.status, code: response.status < 400 ? undefined : code });
      return response;
    },
  };
}

function openCredential(
  { authorityHost }: AzureEndpoints,
  credentials: AzureCredentials,
  httpClient: HttpClient,
): TokenCredential {
  const common = { httpClient, retryOptions: { maxRetries: 0 } };
  if (credentials.credentialType === 'managed_identity') {
    const { clientId } = credentials;
    return new ManagedIdentityCredential({ ...common, ...(clientId !== undefined && { clientId }) });
  }
  const options = {
    ...common,
    authorityHost,
    disableInstanceDiscovery: true,
    additionalPolicies: [{ policy: boundedRetryPolicy(['GET', 'POST']), position: 'perRetry' as const }],
  };
  const { tenantId, clientId } = credentials;
  return credentials.credentialType === 'secret'
    ? new ClientSecretCredential(tenantId, clientId, credentials.clientSecret, options)
    : new ClientCertificateCredential(
        tenantId,
        clientId,
        { certificate: credentials.clientCertificate },
        options,
      );
}

/**
 * Tokens for the resource manager, kept until they end; refusals in sentences that are safe to show. A managed
 * identity's are kept for the whole process by Azure's library, which forgets none.
 */
export function createCredential(endpoints: AzureEndpoints, credentials: AzureCredentials): Credential {
  assertWellFormed(credentials);
  let seen: SignInAnswer | undefined;
  const client = watchingClient((answer) => {
    seen = answer;
  });
  let inner = openCredential(endpoints, credentials, client);
  let given: string | undefined;
  return {
    getToken: async (scopes, options = {}) => {
      const caller = options.abortSignal as AbortSignal | undefined;
      const deadline = AbortSignal.timeout(TOKEN_TIMEOUT_MS);
      const signal = caller ? AbortSignal.any([caller, deadline]) : deadline;
      try {
        const token = await untilAborted(inner.getToken(scopes, { ...options, abortSignal: signal }), signal);
        if (!token) throw new Error('the sign-in gave no token');
        given = token.token;
        return token;
      } catch (fault) {
        if (caller?.aborted) throw fault;
        throw signInFault(credentials, fault, seen);
      }
    },
    forget: (token) => {
      if (token === given) inner = openCredential(endpoints, credentials, client);
    },
  };
}
