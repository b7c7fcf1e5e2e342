import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { sealContext } from '@socmate/contracts';
import { createSealer, createWebhookSecret, parseMasterKeys } from '@socmate/crypto';
import { createPool, type Pool, publishPing, transaction } from '@socmate/database';
import { type Clock, createIds, systemClock, type Worker } from '@socmate/runtime';
import {
  anEndpoint,
  cloneDatabase,
  type Receiver,
  startReceiver,
  type TestDatabase,
  testQueue,
  until,
} from '@socmate/testing';
import { Config } from './config.ts';
import { startNotifier } from './service.ts';

const MASTER_KEYS = `k1:${randomBytes(32).toString('base64')}`;
const POINTS = process.env['FAULT_POINTS'] === 'full' ? 50 : 3;
const sealer = createSealer(parseMasterKeys(MASTER_KEYS));
const ids = createIds();

let database: TestDatabase;
let pool: Pool;
let queue: ReturnType<typeof testQueue>;
let receiver: Receiver;
let answer = 204;
let notifiers: Worker[] = [];

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  queue = testQueue();
  answer = 204;
  receiver = await startReceiver(() => ({ status: answer }));
});
afterEach(async () => {
  await Promise.all(notifiers.splice(0).map((notifier) => notifier.close()));
  await receiver.close();
  await pool.query('TRUNCATE webhook_endpoint, event, delivery_attempt, worker_lease CASCADE');
});

async function start(clock: Clock = systemClock, env: Record<string, string> = {}): Promise<void> {
  const config = Config.parse({
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    REDIS_URL: queue.url,
    QUEUE_PREFIX: queue.prefix,
    MASTER_KEYS,
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOWED_PORTS: '*',
    WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
    WEBHOOK_RETRY_SCHEDULE: Array.from({ length: 20 }, () => '0.05').join(','),
    SHUTDOWN_GRACE_MS: '1000',
    ...env,
  });
  notifiers.push(await startNotifier(config, { clock }));
}

async function subscribe(columns: Record<string, unknown> = {}): Promise<string> {
  const id = ids.next('whe');
  await anEndpoint(pool, {
    id,
    url_sealed: sealer.seal(receiver.url, sealContext.webhookUrl(id)),
    secret_sealed: sealer.seal(createWebhookSecret(), sealContext.webhookSecret(id)),
    ...columns,
  });
  return id;
}

const publish = async (endpointId: string, count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1)
    await transaction(pool, (db) => publishPing(db, { ids, clock: systemClock }, endpointId, undefined));
};

const one = async (sql: string): Promise<Record<string, unknown> | undefined> =>
  (await pool.query(sql)).rows[0];

const allSucceeded = (): Promise<unknown> =>
  until(
    'all have succeeded',
    async () =>
      (await one(`SELECT count(*)::int AS n FROM delivery WHERE status <> 'succeeded'`))?.['n'] === 0,
  );

test('a breaker opens for two replicas alike, probes with one delivery at a time, and closes', async () => {
  answer = 500;
  const endpointId = await subscribe({ max_in_flight: 2 });
  await publish(endpointId, 60);
  const env = { WEBHOOK_BREAKER_OPEN_MS: '600' };
  await Promise.all([start(systemClock, env), start(systemClock, env)]);
  const probes = (ms: number) => async () => {
    const row = await one('SELECT open_ms FROM endpoint_health');
    return row !== undefined && Number(row['open_ms']) >= ms;
  };
  await until('it is open', probes(600));
  await until('nothing is held', async () => {
    const row = await one('SELECT count(*)::int AS n FROM delivery WHERE lease_owner IS NOT NULL');
    return row?.['n'] === 0;
  });
  await until('two probes have failed', probes(2_400));
  // Two replicas with two in flight each: a few more than five see the failures that open it.
  const sent = receiver.requests.length;
  expect(sent).toBeLessThanOrEqual(2 * 5 + 2 + 2);
  expect(await one('SELECT sum(attempts_count)::int AS n FROM delivery')).toEqual({ n: sent });
  answer = 204;
  await pool.query('UPDATE endpoint_health SET open_until = now()');
  await allSucceeded();
  expect(await one('SELECT FROM endpoint_health')).toBeUndefined();
});

test('a rate holds for two replicas together, and what waits for it spends no attempt', async () => {
  const endpointId = await subscribe({ rate_limit_per_second: 20 });
  await Promise.all([start(), start()]);
  // Each learns of the other by its next heartbeat.
  const heartbeats = await one('SELECT max(heartbeat_at) AS at FROM worker_lease');
  await until('both have beaten since', async () => {
    const row = await one('SELECT min(heartbeat_at) AS at FROM worker_lease');
    return (row?.['at'] as Date) > (heartbeats?.['at'] as Date);
  });
  await publish(endpointId, 30);
  await allSucceeded();
  const times = receiver.requests.map(({ at }) => at).toSorted((a, b) => a - b);
  expect(times).toHaveLength(30);
  const perSecond = times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length);
  expect(Math.max(...perSecond)).toBeLessThanOrEqual(23);
});

test.each(Array.from({ length: POINTS }, (_, point) => ({ point })))(
  'a machine’s clock that jumps by hours, either way, delays and loses nothing (point $point)',
  async ({ point }) => {
    let asked = point * 7;
    const hours = [0, 30, -30, 1, 9_000, -9_000, -1];
    const clock: Clock = {
      now: () => {
        asked += 1;
        return new Date(Date.now() + hours[asked % hours.length]! * 3_600_000);
      },
    };
    let failures = 0;
    await receiver.close();
    receiver = await startReceiver(() => {
      failures += 1;
      return { status: failures % 3 === 0 ? 500 : 204 };
    });
    const endpointId = await subscribe();
    await publish(endpointId, 20);
    await start(clock);
    await allSucceeded();
    expect(receiver.accepted.size).toBe(20);
    expect([...receiver.accepted.values()].every((count) => count === 1)).toBe(true);
  },
);
