import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { type AxiosRequestConfig, type AxiosResponse, isAxiosError } from 'axios';
import type { ProviderRequest } from './define-provider.ts';
import { abandoned, ProviderFault } from './provider-fault.ts';

interface Target {
  readonly baseUrl: string;
  readonly redirectsTo?: readonly string[];
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** Calls providers; what goes wrong on the way is a ProviderFault. */
export interface ProviderClient {
  send(target: Target, request: ProviderRequest, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

const ANSWER_MAX_BYTES = 5 * 1024 * 1024;
const REDIRECTS_MAX = 3;

type Send = (config: AxiosRequestConfig) => Promise<AxiosResponse<string>>;

export function createProviderClient(): ProviderClient {
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true }),
  };
  const client = axios.create({
    ...agents,
    adapter: 'http',
    proxy: false,
    maxRedirects: 0,
    maxContentLength: ANSWER_MAX_BYTES,
    maxBodyLength: ANSWER_MAX_BYTES,
    responseType: 'text',
    transformResponse: (body: unknown) => body,
    validateStatus: () => true,
    headers: { 'user-agent': 'SoCMate', accept: 'application/json' },
  });
  return {
    send: (target, request, signal) => exchange((config) => client.request(config), target, request, signal),
    close: () => {
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

async function exchange(send: Send, target: Target, request: ProviderRequest, signal: AbortSignal) {
  const timeout = AbortSignal.timeout(target.timeoutMs);
  const config = { ...configOf(target, request), signal: AbortSignal.any([signal, timeout]) };
  try {
    const { status, headers, data } = await following(send, target, config);
    const retryAfter: unknown = headers['retry-after'];
    return { status, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined, body: data };
  } catch (cause) {
    if (cause instanceof ProviderFault) throw cause;
    if (signal.aborted) throw abandoned(cause);
    if (timeout.aborted)
      throw new ProviderFault('timeout', `did not answer within ${target.timeoutMs} ms`, { cause });
    throw new ProviderFault('connection', connectionFault(cause), { cause });
  }
}

function configOf({ baseUrl }: Target, request: ProviderRequest): AxiosRequestConfig & { url: string } {
  const url = new URL(`${baseUrl.replace(/\/+$/, '')}${request.path}`);
  for (const [name, value] of Object.entries(request.params ?? {})) url.searchParams.set(name, value);
  const method = request.method ?? 'GET';
  const { headers } = request;
  if (request.form !== undefined)
    return { url: url.href, method, headers: { ...headers }, data: new URLSearchParams(request.form) };
  if (request.json === undefined) return { url: url.href, method, headers: { ...headers } };
  const data = JSON.stringify(request.json);
  return { url: url.href, method, headers: { ...headers, 'content-type': 'application/json' }, data };
}

/** Follows redirects within an origin, and to those that the provider is known to send on to. */
async function following(send: Send, target: Target, first: AxiosRequestConfig & { url: string }) {
  let config = first;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await send(config);
    const location: unknown = answer.headers.location;
    if (answer.status < 300 || answer.status > 399 || typeof location !== 'string') return answer;
    config = redirected(config, location, target);
    // A form that is sent on is sent as a GET by some and as it was by others.
    if (redirects === REDIRECTS_MAX || config.method !== 'GET')
      throw new ProviderFault('redirect', 'sent the request on too often');
  }
}

function redirected(config: AxiosRequestConfig & { url: string }, location: string, target: Target) {
  const from = new URL(config.url);
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.origin === from.origin) return { ...config, url: to.href };
  if (to === undefined || !(target.redirectsTo ?? []).includes(to.origin))
    throw new ProviderFault('redirect', 'sent the request on to a place that is not its own');
  // A key is for the provider alone.
  return { ...config, url: to.href, headers: {} };
}

function connectionFault(cause: unknown): string {
  if (!isAxiosError(cause)) return 'could not be asked';
  if (cause.message.includes('maxContentLength'))
    return `answered with more than ${ANSWER_MAX_BYTES / 1024 / 1024} MiB`;
  return `broke the connection (${cause.code ?? 'no code'})`;
}
