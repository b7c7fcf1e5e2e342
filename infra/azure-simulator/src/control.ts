import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import type { ClientCertificates } from './client-certificates.ts';
import { ControlError } from './control-input.ts';
import { controlRoutes } from './control-routes.ts';
import type { Faults } from './faults.ts';
import { createMatcher, type Reply, readBody, send } from './http-routes.ts';
import type { MovableClock } from './movable-clock.ts';
import type { Quotas } from './quotas.ts';
import type { RequestLog } from './request-log.ts';
import type { SimulatedTenant } from './simulated-tenant.ts';
import type { Tenant } from './tenant.ts';

export interface ControlDeps {
  readonly tenant: Tenant;
  readonly simulated: SimulatedTenant;
  readonly faults: Faults;
  readonly quota: Quotas;
  readonly log: RequestLog;
  readonly clock: MovableClock;
  readonly certificates: ClientCertificates;
  /** Where the simulator is. */
  readonly url: () => string;
}

const refused = (status: number, detail: string): Reply => ({ status, body: { detail } });

function refusalOf(fault: unknown): Reply {
  if (fault instanceof ControlError) return refused(fault.status, fault.message);
  if (fault instanceof z.ZodError) {
    const faults = fault.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
    return refused(422, faults.join('; '));
  }
  process.stderr.write(`${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}\n`);
  return refused(500, 'the simulator failed; see its output');
}

/** The simulator's own API, on loopback and without credentials; Azure has nothing like it. */
export function createControlServer(deps: ControlDeps): Server {
  const match = createMatcher(controlRoutes(deps));
  const reply = async (req: IncomingMessage): Promise<Reply> => {
    const url = new URL(req.url ?? '/', 'http://127.0.0.1');
    const { route, params, isOtherMethod } = match(req.method ?? 'GET', url.pathname);
    if (!route) {
      return isOtherMethod
        ? refused(405, `${url.pathname} has no ${req.method}`)
        : refused(404, `there is no ${url.pathname}`);
    }
    const body = await readBody(req);
    if (body === undefined) return refused(413, 'the body is larger than 1 MiB');
    const call = { method: route.method, path: url.pathname, params, query: url.searchParams };
    return route.handle({ ...call, headers: req.headers, host: url.host, body, faults: new Set() });
  };
  const answer = (req: IncomingMessage, res: ServerResponse): Promise<void> =>
    reply(req).then(
      (answered) => send(res, answered),
      (fault: unknown) => send(res, refusalOf(fault)),
    );
  return createServer((req, res) => void answer(req, res));
}
