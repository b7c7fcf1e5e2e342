import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aDelivery, anEndpoint, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createDeliveryQueue, type DeliveryQueue } from './delivery-queue.ts';
import { createPool, type Pool } from './pool.ts';

const OWNER = 'wrk_1:1';

let database: TestDatabase;
let pool: Pool;
let queue: DeliveryQueue;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 8, name: 'test' });
  queue = createDeliveryQueue(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('TRUNCATE webhook_endpoint, event, worker_lease CASCADE'));

async function endpointWith(due: number, columns: Record<string, unknown> = {}): Promise<string> {
  const { id } = await anEndpoint(pool, columns);
  await pool.query(
    `WITH made AS (
       INSERT INTO event (id, type, cause_key, body)
       SELECT $1 || '-evt-' || n, 'incident-alert', $1 || n, 'body' FROM generate_series(1, $2) AS n RETURNING id)
     INSERT INTO delivery (id, event_id, endpoint_id, due_at)
     SELECT replace(id, '-evt-', '-dlv-'), id, $1, now() - interval '1 minute' FROM made`,
    [id, due],
  );
  return id;
}

const room = (endpointId: string, free: number) => ({ endpointId, first: free, retries: free });
const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
const idsOf = (claimed: readonly { id: string }[]): string[] => claimed.map(({ id }) => id).toSorted();

test('a claim brings all that an attempt needs, and leases the row to its owner', async () => {
  const { id: endpointId } = await anEndpoint(pool);
  const delivery = await aDelivery(pool, {
    endpoint_id: endpointId,
    attempts_count: 2,
    schedule_start: 1,
  });
  await pool.query('UPDATE event SET traceparent = $1', ['00-a-b-01']);
  const [claimed, ...others] = await queue.claim(OWNER, [room(endpointId, 10)]);
  expect(others).toEqual([]);
  expect(claimed).toEqual({
    id: delivery.id,
    lease: OWNER,
    endpointId,
    endpointVersion: expect.any(String),
    eventId: delivery.event_id,
    eventType: 'incident-alert',
    attemptsCount: 2,
    scheduleStart: 1,
    body: Buffer.from(`{"id":"${delivery.event_id}"}`),
    traceparent: '00-a-b-01',
  });
  const { rows } = await pool.query('SELECT lease_owner, status, attempts_count FROM delivery');
  expect(rows).toEqual([{ lease_owner: OWNER, status: 'pending', attempts_count: 2 }]);
});

test('each endpoint gives as many as its lane has room for, whatever the others have', async () => {
  const [one, two, three] = [await endpointWith(20), await endpointWith(3), await endpointWith(20)];
  const claimed = await queue.claim(OWNER, [room(one, 5), room(two, 10), room('whe_gone', 10)]);
  const counts = Map.groupBy(claimed, ({ endpointId }) => endpointId);
  expect(counts.get(one)).toHaveLength(5);
  expect(counts.get(two)).toHaveLength(3);
  expect(counts.has(three)).toBe(false);
  expect(await queue.claim(OWNER, [])).toEqual([]);
});

test('the oldest due come first, and what is not yet due is left', async () => {
  const { id: endpointId } = await anEndpoint(pool);
  const made = [];
  for (const minutes of [1, 5, -1, 3, 0.001])
    made.push(await aDelivery(pool, { endpoint_id: endpointId, due_at: minutesAgo(minutes) }));
  expect(idsOf(await queue.claim(OWNER, [room(endpointId, 2)]))).toEqual(idsOf([made[1]!, made[3]!]));
  expect(idsOf(await queue.claim(OWNER, [room(endpointId, 10)]))).toEqual(idsOf([made[0]!, made[4]!]));
});

test.each(['succeeded', 'dead', 'cancelled'])('a %s delivery is never claimed', async (status) => {
  const { id: endpointId } = await anEndpoint(pool);
  await aDelivery(pool, { endpoint_id: endpointId, status });
  expect(await queue.claim(OWNER, [room(endpointId, 10)])).toEqual([]);
  expect(await queue.due()).toEqual([]);
});

test('deliveries of a disabled endpoint wait until it is enabled; a deleted one’s are never claimed', async () => {
  const disabled = await endpointWith(2);
  const deleted = await endpointWith(2, { deleted_at: new Date() });
  await pool.query('UPDATE webhook_endpoint SET enabled = false WHERE id = $1', [disabled]);
  expect(await queue.claim(OWNER, [room(disabled, 10), room(deleted, 10)])).toEqual([]);
  expect(await queue.due()).toEqual([]);
  await pool.query('UPDATE webhook_endpoint SET enabled = true');
  expect(await queue.claim(OWNER, [room(disabled, 10), room(deleted, 10)])).toHaveLength(2);
});

test('what is claimed is not claimed again, by its owner or another', async () => {
  const endpointId = await endpointWith(5);
  await queue.claim(OWNER, [room(endpointId, 10)]);
  expect(await queue.claim(OWNER, [room(endpointId, 10)])).toEqual([]);
  expect(await queue.claim('wrk_2:1', [room(endpointId, 10)])).toEqual([]);
});

test('however many claim at once, each delivery is claimed once, and none gets more than its room', async () => {
  const endpoints = await Promise.all([endpointWith(150), endpointWith(150), endpointWith(5)]);
  const claimed: string[] = [];
  let isWithinRoom = true;
  const claimer = async (owner: string): Promise<void> => {
    // A claim passes over rows that others hold at that moment, so one that brings nothing proves nothing.
    for (let inVain = 0; inVain < 20 && claimed.length < 305; ) {
      const batch = await queue.claim(
        owner,
        endpoints.map((endpointId) => room(endpointId, 7)),
      );
      inVain = batch.length === 0 ? inVain + 1 : 0;
      const perEndpoint = Map.groupBy(batch, ({ endpointId }) => endpointId);
      isWithinRoom &&= [...perEndpoint.values()].every((group) => group.length <= 7);
      claimed.push(...idsOf(batch));
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, n) => claimer(`wrk_${n}`)));
  expect(isWithinRoom).toBe(true);
  expect(claimed).toHaveLength(305);
  expect(new Set(claimed).size).toBe(305);
});

test('a row that another transaction holds is passed over, not waited for', async () => {
  const endpointId = await endpointWith(2);
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(`SELECT FROM delivery WHERE id = $1 FOR UPDATE`, [`${endpointId}-dlv-1`]);
  expect(idsOf(await queue.claim(OWNER, [room(endpointId, 10)]))).toEqual([`${endpointId}-dlv-2`]);
  await client.query('ROLLBACK');
  client.release();
});

test('the endpoints that are due are named once each, with the wait of their oldest', async () => {
  const { id: endpointId } = await anEndpoint(pool);
  for (const minutes of [1, 2, -5])
    await aDelivery(pool, { endpoint_id: endpointId, due_at: minutesAgo(minutes) });
  const { id: later } = await anEndpoint(pool);
  await aDelivery(pool, { endpoint_id: later, due_at: minutesAgo(-1) });
  const { id: leased } = await anEndpoint(pool);
  await aDelivery(pool, { endpoint_id: leased, lease_owner: OWNER });
  const due = await queue.due();
  expect(due).toEqual([{ endpointId, lagMs: expect.any(Number) }]);
  expect(due[0]!.lagMs).toBeGreaterThan(119_000);
  expect(due[0]!.lagMs).toBeLessThan(150_000);
});

test('a claim names the version of the endpoint that its target has, and a change is a new version', async () => {
  const endpointId = await endpointWith(2, {
    url_sealed: 'before',
    retry_schedule_s: [5, 30],
    max_in_flight: 3,
  });
  const [first] = await queue.claim(OWNER, [room(endpointId, 1)]);
  const [before] = await queue.targets([endpointId, 'whe_gone']);
  expect(before).toMatchObject({
    id: endpointId,
    version: first!.endpointVersion,
    urlSealed: 'before',
    secretSealed: 'sealed',
    timeoutMs: 15_000,
    retryScheduleS: [5, 30],
    maxInFlight: 3,
    rateLimitPerSecond: null,
  });
  await pool.query(`UPDATE webhook_endpoint SET url_sealed = 'after'`);
  const [second] = await queue.claim(OWNER, [room(endpointId, 1)]);
  expect(second!.endpointVersion).not.toBe(first!.endpointVersion);
  expect(await queue.targets([endpointId])).toMatchObject([
    { version: second!.endpointVersion, urlSealed: 'after' },
  ]);
});
