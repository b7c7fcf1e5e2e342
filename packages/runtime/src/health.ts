import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metricsHandler } from './metrics.ts';

/** A dependency's answer: resolves with nothing when well, or rejects with the reason. */
export type HealthCheck = () => Promise<unknown>;

export interface HealthChecks {
  /** Without these the service cannot work: readiness is 503. */
  readonly vital: Record<string, HealthCheck>;
  /** Without these it is degraded, still 200. */
  readonly optional?: Record<string, HealthCheck>;
}

export interface Readiness {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly checks: Record<string, { status: 'ok' | 'failed'; message?: string }>;
}

const CHECK_TIMEOUT_MS = 2_000;

async function runCheck(check: HealthCheck): Promise<string | undefined> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timeout = setTimeout(() => resolve(`no answer in ${CHECK_TIMEOUT_MS} ms`), CHECK_TIMEOUT_MS);
  });
  // A check that throws before it returns is a rejection like any other.
  const ask = async (): Promise<unknown> => check();
  const answer = ask().then(
    () => undefined,
    (fault: unknown) =>
      fault instanceof Error && fault.name === 'AppError' ? fault.message : 'not reachable',
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timeout));
}

/** Asks every dependency at once; never throws and shows no internals. */
export async function readiness(checks: HealthChecks, isClosing: boolean): Promise<Readiness> {
  const named = [...Object.entries(checks.vital), ...Object.entries(checks.optional ?? {})];
  const faults = await Promise.all(
    named.map(async ([name, check]) => [name, await runCheck(check)] as const),
  );
  const failed = new Set(faults.filter(([, fault]) => fault !== undefined).map(([name]) => name));
  const isVital = Object.keys(checks.vital).some((name) => failed.has(name));
  return {
    status: isClosing || isVital ? 'unavailable' : failed.size > 0 ? 'degraded' : 'ok',
    checks: Object.fromEntries(
      faults.map(([name, fault]) => [
        name,
        fault === undefined ? { status: 'ok' } : { status: 'failed', message: fault },
      ]),
    ),
  };
}

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface HealthServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly checks: HealthChecks;
  readonly isClosing: () => boolean;
}

/** `/health/live`, `/health/ready` and `/metrics` for a service without a public port. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = req.url?.split('?')[0];
    if (path === '/metrics') return metricsHandler(req, res);
    if (path === '/health/live') return json(res, 200, { status: 'ok' });
    if (path !== '/health/ready') return json(res, 404, { detail: 'not found', code: 'not_found' });
    const ready = await readiness(options.checks, options.isClosing());
    json(res, ready.status === 'unavailable' ? 503 : 200, ready);
  };
  const server = createServer((req, res) => void answer(req, res));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((fault) => (fault ? reject(fault) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}
