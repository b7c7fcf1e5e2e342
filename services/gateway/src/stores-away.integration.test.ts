import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { requireEnv, until } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const path = '/api/admin/api-keys';

interface Line {
  readonly port: number;
  cut(): Promise<void>;
  /** Whoever is at its end says nothing from now on, and keeps the connection. */
  freeze(): void;
  mend(): Promise<void>;
}

/** A line to a store that can be cut and mended, or frozen. */
async function lineTo(url: string): Promise<Line> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(Number(port), hostname);
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        from.destroy();
        to.destroy();
        sockets.delete(socket);
      });
    }
    from.pipe(to).pipe(from);
  });
  const listen = async (at: number): Promise<void> => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port: own } = server.address() as AddressInfo;
  return {
    port: own,
    cut: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend: () => listen(own),
  };
}

const through = (url: string, { port }: Line): string => {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
};

let gateway: GatewayUnderTest | undefined;
let line: Line | undefined;
afterEach(async () => {
  await gateway?.close();
  await line?.cut();
  gateway = undefined;
  line = undefined;
});

test('without Postgres every answer is 503 with the time to wait and nothing of our insides, and it recovers by itself', async () => {
  line = await lineTo(requireEnv('TEST_POSTGRES_URL'));
  const cuttable = line;
  gateway = await startGatewayUnderTest({}, {}, (config) => ({
    ...config,
    DATABASE_URL: through(config.DATABASE_URL, cuttable),
  }));
  const { ask } = gateway;
  expect((await ask('GET', path)).status).toBe(200);
  await cuttable.cut();
  const answers = [
    await ask('GET', path),
    await ask('POST', path, { body: { name: 'a', scopes: ['admin'] } }),
  ];
  for (const { status, json, headers } of answers) {
    expect([status, json.code, headers.get('retry-after')]).toEqual([503, 'unavailable', '5']);
    expect(json.detail).toBe('the database does not answer at the moment');
  }
  expect(await ask('GET', '/health/ready', { key: null })).toMatchObject({
    status: 503,
    json: { status: 'unavailable' },
  });
  expect((await ask('GET', '/health/live', { key: null })).status).toBe(200);
  await cuttable.mend();
  await until('Postgres is back', async () => (await ask('GET', path)).status === 200);
});

test('a Postgres that hangs is 503 as soon as a statement has taken too long', async () => {
  line = await lineTo(requireEnv('TEST_POSTGRES_URL'));
  const frozen = line;
  gateway = await startGatewayUnderTest({}, { statementTimeoutMs: 200 }, (config) => ({
    ...config,
    DATABASE_URL: through(config.DATABASE_URL, frozen),
  }));
  const { ask } = gateway;
  expect((await ask('GET', path)).status).toBe(200);
  frozen.freeze();
  const { status, json, headers } = await ask('GET', `${path}/key_1`);
  expect([status, json.code, headers.get('retry-after')]).toEqual([503, 'unavailable', '5']);
  await frozen.cut();
  await frozen.mend();
  await until('Postgres is back', async () => (await ask('GET', path)).status === 200);
});

test('without Redis it serves, counts rates by itself, and says that it is degraded', async () => {
  line = await lineTo(requireEnv('TEST_REDIS_URL'));
  gateway = await startGatewayUnderTest({ REDIS_URL: through(requireEnv('TEST_REDIS_URL'), line) });
  const { ask } = gateway;
  const { apiKey } = await gateway.keyWith(['admin'], { rate_limit_per_minute: 2 });
  await line.cut();
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await ask('GET', path, { key: apiKey })).status);
  expect(statuses).toEqual([200, 200, 429]);
  const { status, json } = await ask('GET', '/health/ready', { key: null });
  expect([status, json.status, json.checks.redis.status]).toEqual([200, 'degraded', 'failed']);
  await line.mend();
  await until('Redis is back', async () => {
    const ready = await ask('GET', '/health/ready', { key: null });
    return ready.json.checks.redis.status === 'ok';
  });
});
