import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aDelivery, anEndpoint, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createDeliveryQueue, type DeliveryQueue } from './delivery-queue.ts';
import type { SettledAttempt } from './delivery-queue-settle.ts';
import { createPool, type Pool } from './pool.ts';
import { createWorkerLeases } from './worker-leases.ts';

const OWNER = 'wrk_1:1';
const startedAt = new Date('2026-11-22T14:00:00.123Z');

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

const anAttempt = (deliveryId: string, only: Partial<SettledAttempt> = {}): SettledAttempt => ({
  deliveryId,
  endpointId,
  lease: OWNER,
  number: 1,
  startedAt,
  durationMs: 12,
  outcome: 'success',
  statusCode: 200,
  requestHeaders: { 'webhook-id': 'evt_1' },
  responseHeaders: { 'content-type': 'text/plain' },
  responseBody: 'thanks',
  next: { status: 'succeeded' },
  ...only,
});

const failing = (deliveryId: string, delayMs: number, number = 1): SettledAttempt =>
  anAttempt(deliveryId, {
    number,
    outcome: 'http_error',
    statusCode: 500,
    next: { status: 'pending', delayMs },
  });

async function held(columns: Record<string, unknown> = {}): Promise<string> {
  return (await aDelivery(pool, { endpoint_id: endpointId, lease_owner: OWNER, ...columns })).id;
}

const back = (deliveryId: string, delayMs: number) => ({ deliveryId, lease: OWNER, delayMs });

async function stateOf(id: string): Promise<Record<string, unknown>> {
  const { rows } = await pool.query(
    `SELECT status, attempts_count, lease_owner, completed_at IS NOT NULL AS is_completed,
       round(extract(epoch FROM due_at - now()))::int AS due_in_s FROM delivery WHERE id = $1`,
    [id],
  );
  return rows[0];
}

const attemptsOf = async (id: string): Promise<Record<string, unknown>[]> =>
  (
    await pool.query('SELECT * FROM delivery_attempt WHERE delivery_id = $1 ORDER BY number, started_at', [
      id,
    ])
  ).rows;

test('a success ends the delivery and keeps the attempt as it was made', async () => {
  const id = await held();
  await queue.settle([anAttempt(id)]);
  expect(await stateOf(id)).toMatchObject({
    status: 'succeeded',
    attempts_count: 1,
    lease_owner: null,
    is_completed: true,
  });
  expect(await attemptsOf(id)).toEqual([
    {
      delivery_id: id,
      number: 1,
      started_at: startedAt,
      duration_ms: 12,
      outcome: 'success',
      status_code: 200,
      request_headers: { 'webhook-id': 'evt_1' },
      response_headers: { 'content-type': 'text/plain' },
      response_body: 'thanks',
    },
  ]);
});

test('a failure is due again after its delay, by the database’s clock', async () => {
  const id = await held({ attempts_count: 2 });
  await queue.settle([failing(id, 90_000, 3)]);
  expect(await stateOf(id)).toEqual({
    status: 'pending',
    attempts_count: 3,
    lease_owner: null,
    is_completed: false,
    due_in_s: 90,
  });
});

test('a batch takes each delivery to its own state', async () => {
  const [one, two, three] = [await held(), await held({ attempts_count: 11 }), await held()];
  const dead = anAttempt(two, { number: 12, outcome: 'timeout', statusCode: null, next: { status: 'dead' } });
  await queue.settle([anAttempt(one), dead, failing(three, 5_000)]);
  expect(
    (await Promise.all([one, two, three].map(stateOf))).map(({ status, is_completed }) => [
      status,
      is_completed,
    ]),
  ).toEqual([
    ['succeeded', true],
    ['dead', true],
    ['pending', false],
  ]);
  expect((await pool.query('SELECT FROM delivery_attempt')).rowCount).toBe(3);
});

test('an answer without headers or body, and one with characters that Postgres refuses, are kept', async () => {
  const [one, two] = [await held(), await held()];
  await queue.settle([
    anAttempt(one, { responseHeaders: null, responseBody: null, statusCode: null }),
    anAttempt(two, { responseHeaders: { 'x-odd': 'a\0b' }, responseBody: 'a\0b\ud800' }),
  ]);
  expect((await attemptsOf(one))[0]).toMatchObject({ response_headers: null, response_body: null });
  expect((await attemptsOf(two))[0]).toMatchObject({
    response_headers: { 'x-odd': 'a\ufffdb' },
    response_body: 'a\ufffdb\ufffd',
  });
});

test.each([
  ['another owner holds it', { lease_owner: 'wrk_2' }],
  ['nobody holds it', { lease_owner: null }],
  ['it was attempted meanwhile', { attempts_count: 1 }],
])('where %s, its state stays, and the attempt that was made is kept all the same', async (_why, columns) => {
  const id = await held(columns);
  const before = await stateOf(id);
  await queue.settle([anAttempt(id)]);
  expect(await stateOf(id)).toEqual(before);
  expect(await attemptsOf(id)).toHaveLength(1);
});

test('a batch that is settled twice, as after a lost answer, changes nothing the second time', async () => {
  const [one, two] = [await held(), await held()];
  const batch = [anAttempt(one), failing(two, 0)];
  await queue.settle(batch);
  const [again] = await queue.claim(OWNER, [{ endpointId, first: 10, retries: 10 }]);
  expect(again?.id).toBe(two);
  await queue.settle(batch);
  expect(await stateOf(one)).toMatchObject({ status: 'succeeded', attempts_count: 1 });
  expect(await stateOf(two)).toMatchObject({ status: 'pending', attempts_count: 1, lease_owner: OWNER });
  expect([await attemptsOf(one), await attemptsOf(two)].map((attempts) => attempts.length)).toEqual([1, 1]);
});

test.each<[string, SettledAttempt['next']]>([
  ['succeeds', { status: 'succeeded' }],
  ['fails', { status: 'pending', delayMs: 5_000 }],
  ['dies', { status: 'dead' }],
])(
  'a delivery cancelled in flight stays cancelled when its attempt %s, and is held no more',
  async (_how, next) => {
    const id = await held({ status: 'cancelled', completed_at: new Date('2026-11-22T13:00:00Z') });
    await queue.settle([anAttempt(id, { next })]);
    expect(await stateOf(id)).toMatchObject({ status: 'cancelled', attempts_count: 1, lease_owner: null });
    const { rows } = await pool.query('SELECT completed_at FROM delivery');
    expect(rows).toEqual([{ completed_at: new Date('2026-11-22T13:00:00Z') }]);
    expect(await attemptsOf(id)).toHaveLength(1);
  },
);

test('what is put back spends no attempt and is due after the delay, at once where there is none', async () => {
  const [soon, later] = [await held(), await held({ attempts_count: 3 })];
  await queue.putBack([back(soon, 0), back(later, 30_000)]);
  expect(await stateOf(later)).toMatchObject({
    status: 'pending',
    attempts_count: 3,
    lease_owner: null,
    due_in_s: 30,
  });
  expect((await queue.claim('wrk_2', [{ endpointId, first: 10, retries: 10 }])).map(({ id }) => id)).toEqual([
    soon,
  ]);
  expect(await attemptsOf(soon)).toEqual([]);
});

test('only what this owner holds can be put back, and a later due time is not brought forward', async () => {
  const [others, later] = [
    await held({ lease_owner: 'wrk_2' }),
    await held({ due_at: new Date(Date.now() + 60_000) }),
  ];
  await queue.putBack([back(others, 0), back(later, 0)]);
  expect(await stateOf(others)).toMatchObject({ lease_owner: 'wrk_2' });
  expect((await stateOf(later))['due_in_s']).toBeGreaterThan(55);
});

test('what a dead or vanished owner held is free; what a living one holds is not', async () => {
  const [dead, vanished, living] = [
    await held({ lease_owner: 'wrk_dead:7', attempts_count: 1 }),
    await held({ lease_owner: 'wrk_vanished:1' }),
    await held({ lease_owner: 'wrk_living:3' }),
  ];
  for (const owner of ['wrk_dead', 'wrk_living'])
    await createWorkerLeases(pool, owner, 'notifier').heartbeat();
  await pool.query(
    `UPDATE worker_lease SET heartbeat_at = now() - interval '2 seconds' WHERE owner = 'wrk_dead'`,
  );
  expect(await queue.freeDead()).toBe(2);
  expect(await stateOf(dead)).toMatchObject({ lease_owner: null, attempts_count: 1, status: 'pending' });
  expect(await stateOf(vanished)).toMatchObject({ lease_owner: null });
  expect(await stateOf(living)).toMatchObject({ lease_owner: 'wrk_living:3' });
  expect(await queue.freeDead()).toBe(0);
});

test('freeing passes over a row that another is just changing, and waits for nobody', async () => {
  const [changing, dead] = [await held({ lease_owner: 'wrk_dead' }), await held({ lease_owner: 'wrk_dead' })];
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(`UPDATE delivery SET lease_owner = 'wrk_2' WHERE id = $1`, [changing]);
  expect(await queue.freeDead()).toBe(1);
  await client.query('COMMIT');
  client.release();
  expect(await stateOf(dead)).toMatchObject({ lease_owner: null });
  expect(await stateOf(changing)).toMatchObject({ lease_owner: 'wrk_2' });
});

test('the rows of a claim whose answer was lost are freed, and no other claim’s of that owner', async () => {
  const [known, lost, others] = [
    await held(),
    await held({ lease_owner: 'wrk_1:2' }),
    await held({ lease_owner: 'wrk_2:2' }),
  ];
  expect(await queue.freeClaims(['wrk_1:2'])).toBe(1);
  expect([await stateOf(known), await stateOf(lost), await stateOf(others)]).toMatchObject([
    { lease_owner: OWNER },
    { lease_owner: null },
    { lease_owner: 'wrk_2:2' },
  ]);
});

test('a return that is stored again after its answer was lost leaves what was claimed anew', async () => {
  const id = await held();
  await queue.putBack([back(id, 0)]);
  await queue.claim('wrk_1:2', [{ endpointId, first: 10, retries: 10 }]);
  await queue.putBack([back(id, 0)]);
  expect(await stateOf(id)).toMatchObject({ lease_owner: 'wrk_1:2' });
});
