import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aDelivery, anEndpoint, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createDeliveryQueue, type DeliveryQueue } from './delivery-queue.ts';
import type { AttemptOutcome, SettledAttempt } from './delivery-queue-settle.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
let queue: DeliveryQueue;
let endpointId: string;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
  queue = createDeliveryQueue(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('TRUNCATE webhook_endpoint, event, delivery_attempt, worker_lease CASCADE');
  endpointId = (await anEndpoint(pool)).id;
});

interface Made {
  readonly lease?: string;
  readonly outcome?: AttemptOutcome;
}

/** An attempt of a delivery of its own, which that claim holds. */
async function anAnswer({ lease = 'wrk_1:1', outcome = 'http_error' }: Made = {}): Promise<SettledAttempt> {
  const { id } = await aDelivery(pool, { endpoint_id: endpointId, lease_owner: lease });
  return {
    deliveryId: id,
    endpointId,
    lease,
    number: 1,
    startedAt: new Date(),
    durationMs: 1,
    outcome,
    statusCode: null,
    requestHeaders: {},
    responseHeaders: null,
    responseBody: null,
    next: outcome === 'success' ? { status: 'succeeded' } : { status: 'pending', delayMs: 0 },
  };
}

/** The answer to a probe that was claimed. */
async function probeAnswer(id: string, made: Made): Promise<SettledAttempt> {
  const found = await pool.query('SELECT attempts_count FROM delivery WHERE id = $1', [id]);
  return { ...(await anAnswer(made)), deliveryId: id, number: found.rows[0].attempts_count + 1 };
}

const fail = async (times: number, made: Made = {}) =>
  queue.settle(await Promise.all(Array.from({ length: times }, () => anAnswer(made))));

const succeed = async (made: Made = {}) => queue.settle([await anAnswer({ ...made, outcome: 'success' })]);

async function health(): Promise<Record<string, unknown> | undefined> {
  const { rows } = await pool.query(
    `SELECT failures, open_ms, probe_lease, open_until IS NOT NULL AS is_open,
       round(extract(epoch FROM open_until - now()))::int AS open_s FROM endpoint_health WHERE endpoint_id = $1`,
    [endpointId],
  );
  return rows[0];
}

const claim = async (lease: string, room = 10): Promise<string[]> =>
  (await queue.claim(lease, [{ endpointId, first: room, retries: room }])).map(({ id }) => id);

const itIsTime = (): Promise<unknown> => pool.query('UPDATE endpoint_health SET open_until = now()');

test('four failures in a row leave the breaker closed; the fifth opens it for 30 s, whoever saw them', async () => {
  expect(await fail(2)).toEqual([{ endpointId, isOpen: false }]);
  expect(await fail(2, { lease: 'wrk_2:1' })).toEqual([{ endpointId, isOpen: false }]);
  expect(await claim('wrk_1:2')).toHaveLength(4);
  expect(await fail(1, { lease: 'wrk_2:1' })).toEqual([{ endpointId, isOpen: true }]);
  expect(await health()).toMatchObject({ failures: 5, is_open: true, open_s: 30 });
});

test('while it is open nothing is claimed, nothing is due, and no attempt is spent', async () => {
  await fail(5);
  expect(await claim('wrk_1:2')).toEqual([]);
  expect(await queue.due()).toEqual([]);
  const { rows } = await pool.query('SELECT max(attempts_count) AS attempts FROM delivery');
  expect(rows).toEqual([{ attempts: 1 }]);
});

test('a success between failures begins the count anew, also within one batch', async () => {
  await fail(4);
  await succeed();
  expect(await health()).toBeUndefined();
  const made = [];
  for (const outcome of ['http_error', 'timeout', 'http_error', 'success', 'http_error'] as const)
    made.push(await anAnswer({ outcome }));
  await fail(3);
  await queue.settle(made);
  expect(await health()).toMatchObject({ failures: 1, is_open: false });
});

test('an open breaker’s endpoint gives one delivery as a probe, to one of many that ask at once', async () => {
  await fail(8);
  await itIsTime();
  expect(await queue.due()).toHaveLength(1);
  const probes = await Promise.all(Array.from({ length: 8 }, (_, n) => claim(`wrk_${n}:9`)));
  expect(probes.flat()).toHaveLength(1);
  expect(await claim('wrk_1:10')).toEqual([]);
});

test('a probe is the longest due, be it a first attempt or a retry', async () => {
  await fail(5);
  const old = await aDelivery(pool, { endpoint_id: endpointId, due_at: new Date(Date.now() - 3_600_000) });
  await itIsTime();
  expect(await claim('wrk_1:2')).toEqual([old.id]);
});

test('each probe that fails doubles the wait, up to ten minutes; what others fail meanwhile does not', async () => {
  await fail(5);
  const waits: unknown[] = [];
  for (let probe = 2; probe < 9; probe += 1) {
    await itIsTime();
    const [id] = await claim(`wrk_1:${probe}`);
    await fail(1, { lease: 'wrk_2:1' });
    const lease = `wrk_1:${probe}`;
    await queue.settle([await probeAnswer(id!, { lease })]);
    waits.push((await health())?.['open_s']);
  }
  expect(waits).toEqual([60, 120, 240, 480, 600, 600, 600]);
});

test('a probe that succeeds closes it, and everything flows again', async () => {
  await fail(5);
  await itIsTime();
  const [id] = await claim('wrk_1:2');
  const turns = await queue.settle([await probeAnswer(id!, { lease: 'wrk_1:2', outcome: 'success' })]);
  expect(turns).toEqual([{ endpointId, isOpen: false }]);
  expect(await health()).toBeUndefined();
  expect((await claim('wrk_1:3')).length).toBeGreaterThanOrEqual(4);
});

test('a probe that is never answered is followed by another after a minute', async () => {
  await fail(5);
  await itIsTime();
  await claim('wrk_1:2');
  expect(await health()).toMatchObject({ open_s: 60, probe_lease: 'wrk_1:2' });
  await itIsTime();
  expect(await claim('wrk_2:1')).toHaveLength(1);
});

test('failures are no change of the endpoint; enabling it or a new URL forgets them', async () => {
  const version = async () => (await queue.targets([endpointId]))[0]?.version;
  const before = await version();
  await fail(5);
  expect(await version()).toBe(before);
  await pool.query(`UPDATE webhook_endpoint SET name = 'other'`);
  expect(await health()).toBeDefined();
  await pool.query(`UPDATE webhook_endpoint SET url_sealed = 'other'`);
  expect(await health()).toBeUndefined();
  await fail(5);
  await pool.query('UPDATE webhook_endpoint SET enabled = false');
  expect(await health()).toBeDefined();
  await pool.query('UPDATE webhook_endpoint SET enabled = true');
  expect(await health()).toBeUndefined();
});

test('senders that settle the same endpoints at once do not wait for each other for ever', async () => {
  const others = await Promise.all(Array.from({ length: 6 }, () => anEndpoint(pool)));
  const batch = async (order: readonly { id: string }[], lease: string): Promise<SettledAttempt[]> => {
    const made = [];
    for (const { id } of order) {
      const delivery = await aDelivery(pool, { endpoint_id: id, lease_owner: lease });
      made.push({ ...(await anAnswer({ lease })), deliveryId: delivery.id, endpointId: id });
    }
    return made;
  };
  for (let round = 0; round < 5; round += 1) {
    const batches = [];
    for (let n = 0; n < 4; n += 1)
      batches.push(await batch(n % 2 === 0 ? others : others.toReversed(), `wrk_${n}:${round}`));
    await Promise.all(batches.map((one) => queue.settle(one)));
  }
  const { rows } = await pool.query('SELECT count(*)::int AS n FROM endpoint_health WHERE failures >= 5');
  expect(rows).toEqual([{ n: 6 }]);
});
