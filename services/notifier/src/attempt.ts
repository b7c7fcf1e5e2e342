import { type Span, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { signWebhook } from '@socmate/crypto';
import type { ClaimedDelivery } from '@socmate/database';
import { classifyFault } from '@socmate/egress';
import { type Clock, contextOf } from '@socmate/runtime';
import type { Dispatcher } from 'undici';
import { TokenRefusedError } from './access-tokens.ts';
import { exchange } from './exchange.ts';
import type { Answer } from './next-state.ts';
import { maskHeaders, redactable, redactHeaders, redactText } from './redact.ts';
import type { Target } from './targets.ts';

/** An attempt as its log keeps it. */
export interface Attempt extends Answer {
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly requestHeaders: Record<string, string>;
  readonly responseHeaders: Record<string, string> | null;
  readonly responseBody: string | null;
  /** What was thrown, for our own log. */
  readonly fault?: unknown;
}

interface ToSend {
  readonly delivery: ClaimedDelivery;
  readonly target: Target;
  /** The job that woke the sender; the attempt's trace is the event's. */
  readonly wakeUp: SpanContext | undefined;
}

/** One signed POST. Never throws: a fault is an outcome. Cancelling it makes the outcome `internal`. */
export type SendAttempt = (toSend: ToSend, cancel: AbortSignal) => Promise<Attempt>;

interface SendDeps {
  readonly agent: Dispatcher;
  readonly clock: Clock;
}

type Response = Pick<Attempt, 'outcome' | 'statusCode' | 'responseHeaders' | 'responseBody' | 'fault'>;

const NO_RESPONSE = { statusCode: null, responseHeaders: null, responseBody: null } as const;
const tracer = trace.getTracer('socmate');

function headersOf(delivery: ClaimedDelivery, target: Target, now: Date): Record<string, string> {
  const { eventId: id, body } = delivery;
  const timestampS = Math.floor(now.getTime() / 1_000);
  const keys = target.keysAt(now);
  return {
    'content-type': 'application/json',
    'user-agent': 'SoCMate-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signWebhook({ id, timestampS, body, keys }),
  };
}

const single = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]));

interface ToPost {
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

async function post(
  agent: Dispatcher,
  { target, headers, body }: ToPost,
  signal: AbortSignal,
): Promise<Response> {
  try {
    const { origin } = target.url;
    const { path } = target;
    const answer = await exchange(agent, { origin, path, method: 'POST', headers, body }, signal);
    const { statusCode } = answer;
    if (answer.fault !== undefined)
      return { ...NO_RESPONSE, statusCode, outcome: classifyFault(answer.fault), fault: answer.fault };
    const outcome = statusCode >= 200 && statusCode < 300 ? 'success' : 'http_error';
    return { outcome, statusCode, responseHeaders: single(answer.headers), responseBody: answer.body };
  } catch (fault) {
    return { ...NO_RESPONSE, outcome: classifyFault(fault), fault };
  }
}

const wordsOf = (headers: Readonly<Record<string, string>>): string[] =>
  Object.values(headers).flatMap((value) => [value, value.slice(value.indexOf(' ') + 1)]);

/** A receiver may send back what it was sent. */
function withoutSecrets(response: Response, target: Target, proof: Target['headers']): Response {
  const { responseHeaders, responseBody } = response;
  const words = wordsOf(proof);
  const secrets = words.length === 0 ? target.secrets : redactable([...words, ...target.secrets]);
  if (secrets.length === 0 || (responseHeaders === null && responseBody === null)) return response;
  return {
    ...response,
    responseHeaders: responseHeaders && redactHeaders(responseHeaders, secrets),
    responseBody: responseBody && redactText(responseBody, secrets),
  };
}

/** The endpoint's own headers, then what proves who sends, then the POST, under one deadline. */
async function postAuthorized(
  agent: Dispatcher,
  { target, headers: ours, body }: ToPost,
  signal: AbortSignal,
): Promise<{ response: Response; theirs: Readonly<Record<string, string>> }> {
  if (target.isBlocked)
    return { response: { ...NO_RESPONSE, outcome: 'blocked_target' }, theirs: target.headers };
  let proof: Readonly<Record<string, string>>;
  try {
    proof = await target.authorize.headers(signal);
  } catch (fault) {
    return { response: withoutProof(fault), theirs: target.headers };
  }
  const theirs = { ...target.headers, ...proof };
  const response = await post(agent, { target, headers: { ...theirs, ...ours }, body }, signal);
  if (response.statusCode === 401) target.authorize.refused(proof);
  return { response: withoutSecrets(response, target, proof), theirs };
}

/** A token that was refused fails the attempt as an answer of the receiver would. */
function withoutProof(fault: unknown): Response {
  if (!(fault instanceof TokenRefusedError)) return { ...NO_RESPONSE, outcome: classifyFault(fault), fault };
  return { ...NO_RESPONSE, outcome: 'http_error', responseBody: fault.message, fault };
}

function startSpan({ delivery, wakeUp }: ToSend): Span {
  const attributes = {
    'socmate.event.id': delivery.eventId,
    'socmate.event.type': delivery.eventType,
    'socmate.delivery.id': delivery.id,
    'socmate.endpoint.id': delivery.endpointId,
    'socmate.attempt.number': delivery.attemptsCount + 1,
  };
  const links = wakeUp ? [{ context: wakeUp }] : [];
  const options = { kind: SpanKind.CLIENT, attributes, links };
  return tracer.startSpan('deliver-webhook attempt', options, contextOf(delivery.traceparent));
}

function endSpan(span: Span, { outcome, statusCode }: Response): void {
  span.setAttribute('socmate.attempt.outcome', outcome);
  if (statusCode !== null) span.setAttribute('http.response.status_code', statusCode);
  if (outcome !== 'success') span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
  span.end();
}

export function createSendAttempt({ agent, clock }: SendDeps): SendAttempt {
  return async (toSend, cancel) => {
    const { delivery, target } = toSend;
    const startedAt = clock.now();
    const startedMs = performance.now();
    const headers = headersOf(delivery, target, startedAt);
    const span = startSpan(toSend);
    const deadline = withDeadline(target.timeoutMs, cancel);
    const toPost = { target, headers, body: delivery.body };
    const { response, theirs } = await postAuthorized(agent, toPost, deadline.signal);
    deadline.clear();
    endSpan(span, response);
    const durationMs = Math.round(performance.now() - startedMs);
    return { ...response, startedAt, durationMs, requestHeaders: { ...maskHeaders(theirs), ...headers } };
  };
}

/** One timer and one listener per attempt: `AbortSignal.any` costs several times as much at thousands a second. */
function withDeadline(timeoutMs: number, cancel: AbortSignal): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const late = (): void => controller.abort(new DOMException('the deadline has passed', 'TimeoutError'));
  const cancelled = (): void => controller.abort(new DOMException('the sender is stopping', 'AbortError'));
  const timeout = setTimeout(late, timeoutMs);
  if (cancel.aborted) cancelled();
  cancel.addEventListener('abort', cancelled, { once: true });
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timeout);
      cancel.removeEventListener('abort', cancelled);
    },
  };
}
