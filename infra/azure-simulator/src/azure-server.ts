import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@socmate/runtime';
import { decodeJwt } from 'jose';
import { ArmError } from './arm-error.ts';
import type { Authority } from './authority.ts';
import { armReply, latencyMs, refusalOf, sendAs, sendingOf, spoil } from './fault-effects.ts';
import type { Fault, Faults } from './faults.ts';
import { type Call, createMatcher, type Reply, type Route, readBody } from './http-routes.ts';
import { providerOf } from './intelligence/provider-names.ts';
import type { RequestLog, SentToProvider } from './request-log.ts';

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

/** Paths that no provider has are recorded too: they may give away as much. */
function sentToProvider({ path, headers, body }: Call): { intelligence?: SentToProvider } {
  const provider = providerOf(path);
  if (provider === undefined) return {};
  return { intelligence: { provider, header_names: Object.keys(headers).toSorted(), body } };
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

function withHeaders(reply: Reply, now: Date, isAzure: boolean): Reply {
  const id = randomUUID();
  const headers = {
    ...(isAzure && { 'x-ms-request-id': id, 'x-ms-correlation-request-id': id }),
    date: now.toUTCString(),
    ...reply.headers,
  };
  return { ...reply, headers };
}

interface Struck {
  readonly before: readonly Fault[];
  readonly after: readonly Fault[];
}

const isDropped = (faults: readonly Fault[]): boolean => faults.some(({ kind }) => kind === 'drop');

async function wait(ms: number): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { ref: false });
}

/** One server for all of Azure; a fault strikes before the route is asked, or `after` it has done its work. */
export function createAzureServer(deps: AzureServerDeps): Server {
  const { authority, faults, log } = deps;
  const match = createMatcher(deps.routes);
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'https://127.0.0.1');
    const { route, params, isOtherMethod } = match(req.method ?? 'GET', url.pathname);
    const call = callOf(req, url, params, (await readBody(req)) ?? '');
    const target = route?.kind ?? 'unknown';
    const { method, path } = call;
    const time = deps.clock.now().toISOString();
    const sent = sentToProvider(call);
    const scope = sent.intelligence ? null : scopeOf(call);
    const done = log.add({ time, method, path, query: url.search, target, scope, ...sent });
    const striking = faults.strike(target, method);
    const struck = {
      before: striking.filter(({ after }) => !after),
      after: striking.filter(({ after }) => after),
    };
    const reply = await replyOf(deps, { route, call, isOtherMethod, struck });
    done(reply?.status ?? 0);
    if (!reply) return void res.destroy();
    sendAs(sendingOf(reply, striking, call), res, withHeaders(reply, deps.clock.now(), !sent.intelligence));
  };
  return createServer({ key: authority.key, cert: authority.cert }, (req, res) => {
    answer(req, res).catch(() => res.destroy());
  });
}

interface Asked {
  readonly route: Route | undefined;
  readonly call: Call;
  readonly isOtherMethod: boolean;
  readonly struck: Struck;
}

/** Undefined where the connection is dropped. */
async function replyOf(
  { clock, latency }: AzureServerDeps,
  { route, call, isOtherMethod, struck: { before, after } }: Asked,
): Promise<Reply | undefined> {
  await wait(latencyMs(before) + (latency === 'azure' ? AZURE_LATENCY_MS : 0));
  if (isDropped(before)) return undefined;
  const refused = before.flatMap((fault) => refusalOf(fault, clock.now()) ?? [])[0];
  if (refused) return refused;
  if (!route) return lost(call, isOtherMethod);
  const kinds = new Set<string>(before.map(({ kind }) => kind));
  const reply = spoil(await handle(route, { ...call, faults: kinds }), before, call);
  await wait(latencyMs(after));
  if (isDropped(after)) return undefined;
  return after.flatMap((fault) => refusalOf(fault, clock.now()) ?? [])[0] ?? reply;
}

function lost({ method, path }: Call, isOtherMethod: boolean): Reply {
  if (!isOtherMethod) {
    const message = `No HTTP resource was found that matches the request '${path}'.`;
    return armReply(new ArmError(404, 'NotFound', message));
  }
  const message = `The requested resource does not support http method '${method}'.`;
  return armReply(new ArmError(405, 'MethodNotAllowed', message));
}
