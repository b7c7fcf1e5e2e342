import type { ServerResponse } from 'node:http';
import { expiredToken } from './access-tokens.ts';
import { ArmError } from './arm-error.ts';
import { entraError } from './entra.ts';
import { type Fault, foreignUrl } from './faults.ts';
import { type Call, type Reply, send } from './http-routes.ts';
import { intelligenceRefusal, isIntelligence } from './intelligence/intelligence-refusal.ts';
import { tooManyRequests } from './quotas.ts';

const DEFAULT_LATENCY_MS = 1_000;
const DEFAULT_RETRY_AFTER_S = 1;
const HTML = '<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>';
const LAP = 'simulatorLap';

export function armReply({ status, code, message, headers }: ArmError): Reply {
  return { status, headers, body: { error: { code, message } } };
}

const retryAfterS = ({ ms }: Fault): number =>
  ms === undefined ? DEFAULT_RETRY_AFTER_S : Math.ceil(ms / 1_000);

function tokenRefusal(fault: Fault, now: Date): Reply | undefined {
  if (fault.kind !== '429' && fault.kind !== '500') return undefined;
  const status = Number(fault.kind);
  const message = 'A transient error has occurred. Please try again.';
  const reply = entraError({ status, message, error: 'temporarily_unavailable', code: 90_033 }, now);
  return status === 429 ? { ...reply, headers: { 'retry-after': String(retryAfterS(fault)) } } : reply;
}

/** What a fault answers in place of the service. */
export function refusalOf(fault: Fault, now: Date): Reply | undefined {
  if (fault.target === 'token') return tokenRefusal(fault, now);
  if (isIntelligence(fault.target)) return intelligenceRefusal(fault.target, fault.kind, retryAfterS(fault));
  if (fault.kind === '429') return armReply(tooManyRequests(retryAfterS(fault)));
  if (fault.kind === '500')
    return armReply(new ArmError(500, 'InternalServerError', 'Internal server error'));
  return fault.kind === 'expired' ? armReply(expiredToken(now, now)) : undefined;
}

export const latencyMs = (faults: readonly Fault[]): number =>
  faults.filter(({ kind }) => kind === 'latency').reduce((sum, { ms = DEFAULT_LATENCY_MS }) => sum + ms, 0);

const isObject = (body: unknown): body is Record<string, unknown> =>
  typeof body === 'object' && body !== null && !Array.isArray(body);

function endlessLink({ links }: Fault, call: Call): string {
  const query = new URLSearchParams(call.query);
  if (links === 'different') query.set(LAP, String(Number(query.get(LAP) ?? 0) + 1));
  return `https://${call.host}${call.path}?${query.toString()}`;
}

function spoiltBody(fault: Fault, call: Call, body: unknown): unknown {
  if (!isObject(body)) return body;
  if (fault.kind === 'late') {
    return 'entities' in body ? { ...body, entities: [], metaData: [] } : { ...body, value: [] };
  }
  if (!Array.isArray(body['value'])) return body;
  if (fault.kind === 'endless') return { ...body, nextLink: endlessLink(fault, call) };
  return fault.kind === 'foreign' ? { ...body, nextLink: foreignUrl(fault) } : body;
}

/** That a provider has never heard of something is an answer, whatever its status. */
const isRefusal = ({ status }: Reply, faults: readonly Fault[]): boolean =>
  status >= 300 && !(status === 404 && faults.some(({ target }) => isIntelligence(target)));

/** The service's answer, with what the faults do to its content. A refusal stays as it is. */
export function spoil(reply: Reply, faults: readonly Fault[], call: Call): Reply {
  if (isRefusal(reply, faults)) return reply;
  const body = faults.reduce<unknown>((spoilt, fault) => spoiltBody(fault, call, spoilt), reply.body);
  const garbage = faults.find(({ kind }) => kind === 'garbage');
  if (!garbage) return { ...reply, body };
  return { ...reply, status: 200, body: garbage.shape === 'json' ? ['of', { another: 'shape' }] : undefined };
}

/** Only a list has pages, and so a short one; of anything else the end is missing. */
const isCut = (fault: Fault, call: Call): boolean =>
  fault.kind === 'partial' && !(fault.target === 'incidents' && /\/incidents\/?$/i.test(call.path));

export type Sending = 'whole' | 'text' | 'cut';

export function sendingOf(reply: Reply, faults: readonly Fault[], call: Call): Sending {
  if (isRefusal(reply, faults)) return 'whole';
  if (faults.some((fault) => isCut(fault, call))) return 'cut';
  const isText = faults.some(({ kind, shape = 'text' }) => kind === 'garbage' && shape === 'text');
  return isText ? 'text' : 'whole';
}

/** Sends an answer that is no JSON, or half of one before the connection ends. */
export function sendAs(sending: Sending, res: ServerResponse, reply: Reply): void {
  if (sending === 'whole') return send(res, reply);
  if (res.destroyed) return;
  const text = sending === 'text' ? HTML : JSON.stringify(reply.body ?? {});
  const type = sending === 'text' ? 'text/html' : 'application/json';
  const bytes = Buffer.from(text);
  const headers = { ...reply.headers, 'content-type': `${type}; charset=utf-8` };
  res.writeHead(reply.status, { ...headers, 'content-length': bytes.length });
  if (sending === 'text') res.end(bytes);
  else res.write(bytes.subarray(0, bytes.length / 2), () => res.destroy());
}
