import { afterEach, expect, test } from '@jest/globals';
import { AppError } from './errors.ts';
import {
  type HealthCheck,
  type HealthChecks,
  type HealthServer,
  readiness,
  startHealthServer,
} from './health.ts';
import { setPrometheusExporter } from './metrics.ts';

const well: HealthCheck = () => Promise.resolve();
const broken: HealthCheck = () => Promise.reject(new Error('password "hunter2" of 10.0.0.7 refused'));
const hanging: HealthCheck = () => new Promise(() => undefined);

let server: HealthServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
  setPrometheusExporter(undefined as never);
});

async function serve(checks: HealthChecks, isClosing = false): Promise<string> {
  server = await startHealthServer({ host: '127.0.0.1', port: 0, checks, isClosing: () => isClosing });
  return server.url;
}

const get = async (url: string): Promise<{ status: number; body: unknown }> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  return { status: response.status, body: await response.json() };
};

test('a process that runs is live, whatever its stores say and while it closes', async () => {
  const url = await serve({ vital: { postgres: broken } }, true);
  expect(await get(`${url}/health/live`)).toEqual({ status: 200, body: { status: 'ok' } });
});

test('it is ready when every check answers', async () => {
  const url = await serve({ vital: { postgres: well }, optional: { redis: well } });
  expect(await get(`${url}/health/ready`)).toEqual({
    status: 200,
    body: { status: 'ok', checks: { postgres: { status: 'ok' }, redis: { status: 'ok' } } },
  });
});

test('without an optional dependency it is degraded and still ready', async () => {
  const url = await serve({ vital: { postgres: well }, optional: { redis: broken } });
  expect(await get(`${url}/health/ready`)).toMatchObject({
    status: 200,
    body: { status: 'degraded', checks: { redis: { status: 'failed' }, postgres: { status: 'ok' } } },
  });
});

test('without a vital dependency it is not ready', async () => {
  const url = await serve({ vital: { postgres: broken }, optional: { redis: well } });
  expect(await get(`${url}/health/ready`)).toMatchObject({ status: 503, body: { status: 'unavailable' } });
});

test('while it closes it is not ready, though every store answers', async () => {
  const url = await serve({ vital: { postgres: well } }, true);
  expect(await get(`${url}/health/ready`)).toMatchObject({
    status: 503,
    body: { status: 'unavailable', checks: { postgres: { status: 'ok' } } },
  });
});

test('checks that hang are failed within two seconds, all at once', async () => {
  const url = await serve({ vital: { postgres: well }, optional: { redis: hanging, neo4j: hanging } });
  const start = performance.now();
  const answer = await get(`${url}/health/ready`);
  expect(performance.now() - start).toBeLessThan(2_900);
  expect(answer).toMatchObject({ status: 200, body: { status: 'degraded' } });
});

test('a fault shows no internals, but for what is meant to be shown', async () => {
  const ready = await readiness(
    { vital: { postgres: broken, azure: () => Promise.reject(new AppError('unavailable', 'signed out')) } },
    false,
  );
  expect(JSON.stringify(ready)).not.toMatch(/hunter2|10\.0\.0\.7/);
  expect(ready.checks).toEqual({
    postgres: { status: 'failed', message: 'not reachable' },
    azure: { status: 'failed', message: 'signed out' },
  });
});

test('a check that throws at once is a failed check', async () => {
  const throwing: HealthCheck = () => {
    throw new Error('no pool');
  };
  expect(await readiness({ vital: { postgres: throwing } }, false)).toMatchObject({ status: 'unavailable' });
});

test('metrics are 404 without telemetry, and the exporter’s page with it', async () => {
  const url = await serve({ vital: {} });
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  const getMetricsRequestHandler = (_req: unknown, res: { end(text: string): void }) => res.end('up 1\n');
  setPrometheusExporter({ getMetricsRequestHandler } as never);
  const page = await fetch(`${url}/metrics`);
  expect([page.status, await page.text()]).toEqual([200, 'up 1\n']);
});

test('any other path is 404', async () => {
  const url = await serve({ vital: {} });
  expect(await get(`${url}/`)).toEqual({ status: 404, body: { detail: 'not found', code: 'not_found' } });
  expect((await get(`${url}/health/ready?verbose`)).status).toBe(200);
});

test('a port that is taken is an error of the start', async () => {
  const url = await serve({ vital: {} });
  const port = Number(new URL(url).port);
  const start = startHealthServer({ host: '127.0.0.1', port, checks: { vital: {} }, isClosing: () => false });
  await expect(start).rejects.toThrow('EADDRINUSE');
});

test('closing does not wait for a request that hangs or a connection that is kept alive', async () => {
  const url = await serve({ vital: { postgres: hanging } });
  await get(`${url}/health/live`);
  const pending = get(`${url}/health/ready`).catch(() => 'cut');
  await get(`${url}/health/live`);
  const start = performance.now();
  await server?.close();
  server = undefined;
  expect(performance.now() - start).toBeLessThan(1_000);
  expect(await pending).toBe('cut');
});
