import {
  bearerTokenAuthenticationPolicyName,
  type Pipeline,
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
  type RetryStrategy,
  retryPolicy,
  type SendRequest,
} from '@azure/core-rest-pipeline';
import { AppError, systemClock } from '@socmate/runtime';
import type { Credential } from './credential.ts';
import { retryAfterMs } from './retry-after.ts';

const MAX_RETRIES = 2;
const FIRST_DELAY_MS = 250;
/** A longer wait is left to the caller, who can do something else meanwhile. */
const MAX_WAIT_MS = 5_000;

/** Sends nothing, and no token, anywhere but to the resource manager, wherever a `nextLink` points. */
export function originPolicy(resourceManagerUrl: string): PipelinePolicy {
  const { origin } = new URL(resourceManagerUrl);
  return {
    name: 'socmateOriginPolicy',
    sendRequest: async (request, next) => {
      if (URL.canParse(request.url) && new URL(request.url).origin === origin) return next(request);
      throw new AppError(
        'upstream_error',
        'Azure’s answer points to a foreign address, which was not followed',
      );
    },
  };
}

const isTransient = (response: PipelineResponse): boolean =>
  response.status === 408 || response.status === 429 || response.status >= 500;

const boundedRetry = (methods: readonly string[]): RetryStrategy => ({
  name: 'socmateBoundedRetry',
  retry: ({ response, responseError, retryCount }) => {
    const method = (response?.request ?? responseError?.request)?.method ?? '';
    if (!methods.includes(method) || (response && !isTransient(response))) return { skipStrategy: true };
    const backoffMs = FIRST_DELAY_MS * 2 ** retryCount;
    const waitMs = retryAfterMs(response?.headers.get('retry-after'), systemClock.now()) ?? backoffMs;
    return waitMs > MAX_WAIT_MS ? { skipStrategy: true } : { retryAfterInMs: waitMs };
  },
});

/** Few and short retries: Azure's own clients may wait for minutes without a word. */
export const boundedRetryPolicy = (methods: readonly string[]): PipelinePolicy =>
  retryPolicy([boundedRetry(methods)], { maxRetries: MAX_RETRIES });

/** Signs requests; one whose token Azure refuses is sent once more with a new one, as nothing came of it. */
function accessTokenPolicy(credential: Credential, scope: string): PipelinePolicy {
  const send = async (request: PipelineRequest, next: SendRequest) => {
    const { abortSignal, tracingOptions } = request;
    const options = { ...(abortSignal && { abortSignal }), ...(tracingOptions && { tracingOptions }) };
    const { token } = await credential.getToken(scope, options);
    request.headers.set('authorization', `Bearer ${token}`);
    return { token, response: await next(request) };
  };
  return {
    name: 'socmateAccessToken',
    sendRequest: async (request, next) => {
      const { token, response } = await send(request, next);
      if (response.status !== 401) return response;
      credential.forget(token);
      return (await send(request, next)).response;
    },
  };
}

/** Bounded retries and renewed tokens in place of the client's own, no redirects, no foreign origin. */
export function harden(pipeline: Pipeline, resourceManagerUrl: string, credential: Credential): void {
  pipeline.removePolicy({ name: bearerTokenAuthenticationPolicyName });
  pipeline.addPolicy(accessTokenPolicy(credential, `${resourceManagerUrl}/.default`), { phase: 'Sign' });
  pipeline.removePolicy({ name: 'defaultRetryPolicy' });
  // POSTs read alerts and entities, under a quota that a silent second request would overdraw.
  pipeline.addPolicy(boundedRetryPolicy(['GET']), { phase: 'Retry' });
  pipeline.removePolicy({ name: 'redirectPolicy' });
  pipeline.addPolicy(originPolicy(resourceManagerUrl));
}
