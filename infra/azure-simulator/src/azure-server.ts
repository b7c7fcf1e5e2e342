import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@socmate/runtime';
import { decodeJwt } from 'jose';
import { expiredToken } from './access-tokens.ts';
import { ArmError } from './arm-error.ts';
import type { Authority } from './authority.ts';
import { entraError } from './entra.ts';
import type { Fault, Faults } from './faults.ts';
import { type Call, createMatcher, type Reply, type Route, readBody, send } from './http-routes.ts';
import { tooManyRequests } from './read-quota.ts';
import type { RequestLog } from './request-log.ts';

export type LatencyProfile = 'none' | 'azure';

export interface AzureServerDeps {
  readonly authority: Authority;
  readonly routes: readonly Route[];
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly clock: Clock;
  readonly latency: LatencyProfile;
}

const AZURE_LATENCY_MS = 150;
const DEFAULT_LATENCY_MS = 1_000;
const DEFAULT_RETRY_AFTER_S = 1;

function scopeOf(call: Call): string | null {
  const asked = new URLSearchParams(call.body).get('scope');
  if (asked) return asked;
  try {
    const audience = decodeJwt((call.headers.authorization ?? '').split(' ')[1] ?? '').aud;
    return audience === undefined ? null : String(audience);
  } catch {
    return null;
  }
}

function refusal(kind: Fault['kind'], fault: Fault, now: Date): Reply | undefined {
  const retryAfterS = fault.ms === undefined ? DEFAULT_RETRY_AFTER_S : Math.ceil(fault.ms / 1_000);
  if (fault.target === 'token') {
    const transient = { error: 'temporarily_unavailable', code: 90_033 };
    const message = 'A transient error has occurred. Please try again.';
    const status = kind === '429' || kind === '500' ? Number(kind) : undefined;
    if (!status) return undefined;
    const reply = entraError({ status, message, ...transient }, now);
    return status === 429 ? { ...reply, headers: { 'retry-after': String(retryAfterS) } } : reply;
  }
  if (kind === '429') return armReply(tooManyRequests(retryAfterS));
  if (kind === '500') return armReply(new ArmError(500, 'InternalServerError', 'Internal server error'));
  if (kind !== 'expired') return undefined;
  return armReply(expiredToken(now, now));
}

function armReply({ status, code, message, headers }: ArmError): Reply {
  return { status, headers, body: { error: { code, message } } };
}

function callOf(req: IncomingMessage, url: URL, params: Call['params'], body: string): Call {
  return {
    method: req.method ?? 'GET',
    path: url.pathname,
    params,
    query: url.searchParams,
    headers: req.headers,
    host: req.headers.host ?? '127.0.0.1',
    body,
    faults: new Set(),
  };
}

async function handle(route: Route, call: Call): Promise<Reply> {
  try {
    return await route.handle(call);
  } catch (fault) {
    if (fault instanceof ArmError) return armReply(fault);
    process.stderr.write(`${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}\n`);
    return armReply(new ArmError(500, 'InternalServerError', 'The simulator failed; see its output'));
  }
}

function withHeaders(reply: Reply, now: Date): Reply {
  const id = randomUUID();
  const headers = {
    'x-ms-request-id': id,
    'x-ms-correlation-request-id': id,
    date: now.toUTCString(),
    ...reply.headers,
  };
  return { ...reply, headers };
}

async function wait(faults: readonly Fault[], latency: LatencyProfile): Promise<void> {
  const asked = faults.filter(({ kind }) => kind === 'latency');
  const ms = asked.reduce((sum, fault) => sum + (fault.ms ?? DEFAULT_LATENCY_MS), 0);
  const whole = ms + (latency === 'azure' ? AZURE_LATENCY_MS : 0);
  if (whole > 0) await delay(whole, undefined, { ref: false });
}

/** One server for all of Azure; a fault strikes before the route is asked. */
export function createAzureServer(deps: AzureServerDeps): Server {
  const { authority, clock, faults, log } = deps;
  const match = createMatcher(deps.routes);
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'https://127.0.0.1');
    const { route, params, isOtherMethod } = match(req.method ?? 'GET', url.pathname);
    const call = callOf(req, url, params, (await readBody(req)) ?? '');
    const target = route?.kind ?? 'unknown';
    const { method, path } = call;
    const time = clock.now().toISOString();
    const done = log.add({ time, method, path, query: url.search, target, scope: scopeOf(call) });
    const striking = faults.strike(target);
    await wait(striking, deps.latency);
    if (striking.some(({ kind }) => kind === 'drop')) {
      done(0);
      res.destroy();
      return;
    }
    const refused = striking.flatMap((fault) => refusal(fault.kind, fault, clock.now()) ?? [])[0];
    const reply =
      refused ??
      (route
        ? await handle(route, { ...call, faults: new Set(striking.map(({ kind }) => kind)) })
        : lost(call, isOtherMethod));
    done(reply.status);
    send(res, withHeaders(reply, clock.now()));
  };
  return createServer({ key: authority.key, cert: authority.cert }, (req, res) => {
    answer(req, res).catch(() => res.destroy());
  });
}

function lost({ method, path }: Call, isOtherMethod: boolean): Reply {
  if (!isOtherMethod) {
    const message = `No HTTP resource was found that matches the request '${path}'.`;
    return armReply(new ArmError(404, 'NotFound', message));
  }
  const message = `The requested resource does not support http method '${method}'.`;
  return armReply(new ArmError(405, 'MethodNotAllowed', message));
}
