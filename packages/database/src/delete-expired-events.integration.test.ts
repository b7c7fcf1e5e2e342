import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aDelivery, anEndpoint, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { deleteExpiredEvents } from './delete-expired-events.ts';
import { createPool, type Pool, transaction } from './pool.ts';

const retentionDays = 90;

let database: TestDatabase;
let pool: Pool;
let endpointId: string;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
  endpointId = (await anEndpoint(pool)).id;
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('TRUNCATE delivery, event, recovery CASCADE'));

const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);

/** A delivery and its event, as old as each other; an ended one ended when it was made, unless told. */
async function delivered(status: string, days: number, endedDaysAgo: number | null = days) {
  const delivery = await aDelivery(pool, {
    endpoint_id: endpointId,
    status,
    created_at: daysAgo(days),
    completed_at: status === 'pending' || endedDaysAgo === null ? null : daysAgo(endedDaysAgo),
  });
  await pool.query('UPDATE event SET created_at = $2 WHERE id = $1', [delivery.event_id, daysAgo(days)]);
  return delivery;
}

const idsOf = async (table: string): Promise<string[]> =>
  (await pool.query(`SELECT id FROM ${table}`)).rows.map(({ id }) => id as string);

/** Old and ended: `events` of them, a minute apart. */
const anOldBacklog = async (events: number): Promise<void> => {
  await pool.query(
    `INSERT INTO event (id, type, cause_key, body, created_at)
     SELECT 'evt_' || n, 'ping', n, '', now() - interval '100 days' + n * interval '1 minute'
     FROM generate_series(1, $1::int) AS n`,
    [events],
  );
  await pool.query(
    `INSERT INTO delivery (id, event_id, endpoint_id, status, created_at, completed_at)
     SELECT 'dlv' || substr(id, 4), id, $1, 'succeeded', created_at, created_at FROM event`,
    [endpointId],
  );
};

test.each(['succeeded', 'dead', 'cancelled'])(
  'a %s delivery past the retention goes with its event, a younger one stays',
  async (status) => {
    await delivered(status, 90.1);
    await delivered(status, 100, null);
    const young = await delivered(status, 89.9);
    expect(await deleteExpiredEvents(pool, { retentionDays })).toEqual({ deliveries: 2, events: 2 });
    expect(await idsOf('delivery')).toEqual([young.id]);
    expect(await idsOf('event')).toEqual([young.event_id]);
  },
);

test('a pending delivery stays whatever its age, and its event with it', async () => {
  const pending = await delivered('pending', 4_000);
  const other = (await anEndpoint(pool)).id;
  await pool.query(
    `INSERT INTO delivery (id, event_id, endpoint_id, status, created_at, completed_at)
     SELECT 'dlv_beside', event_id, $2, 'succeeded', created_at, created_at FROM delivery WHERE id = $1`,
    [pending.id, other],
  );
  expect(await deleteExpiredEvents(pool, { retentionDays })).toEqual({ deliveries: 1, events: 0 });
  expect(await idsOf('delivery')).toEqual([pending.id]);
  expect(await idsOf('event')).toEqual([pending.event_id]);
});

test('an old delivery that ended lately stays, and its event with it', async () => {
  await delivered('succeeded', 200, 89);
  expect(await deleteExpiredEvents(pool, { retentionDays })).toEqual({ deliveries: 0, events: 0 });
});

test('an old event that nobody subscribed to goes, a young one stays', async () => {
  await pool.query(`INSERT INTO event (id, type, cause_key, body, created_at) VALUES
    ('evt_old', 'ping', 'a', '', now() - interval '91 days'), ('evt_young', 'ping', 'b', '', now())`);
  expect(await deleteExpiredEvents(pool, { retentionDays })).toEqual({ deliveries: 0, events: 1 });
  expect(await idsOf('event')).toEqual(['evt_young']);
});

test('a run deletes no more than its batches hold, the oldest first, and the next goes on', async () => {
  await anOldBacklog(7);
  const bounded = { retentionDays, batchRows: 2, maxBatches: 2 };
  expect(await deleteExpiredEvents(pool, bounded)).toEqual({ deliveries: 4, events: 4 });
  expect((await idsOf('delivery')).toSorted()).toEqual(['dlv_5', 'dlv_6', 'dlv_7']);
  expect(await deleteExpiredEvents(pool, bounded)).toEqual({ deliveries: 3, events: 3 });
});

test('old rows that stay do not keep the batches from those behind them', async () => {
  await anOldBacklog(7);
  await pool.query(`UPDATE delivery SET status = 'pending' WHERE id IN ('dlv_1', 'dlv_2', 'dlv_3', 'dlv_5')`);
  expect(await deleteExpiredEvents(pool, { retentionDays, batchRows: 1 })).toEqual({
    deliveries: 3,
    events: 3,
  });
});

test('rows of one and the same time are all deleted, however they fall into batches', async () => {
  await anOldBacklog(7);
  for (const table of ['event', 'delivery'])
    await pool.query(`UPDATE ${table} SET created_at = now() - interval '95 days 1.000001 seconds'`);
  expect(await deleteExpiredEvents(pool, { retentionDays, batchRows: 2 })).toEqual({
    deliveries: 7,
    events: 7,
  });
});

test('recoveries that ended past the retention go, and so do gaps that nothing is left of', async () => {
  const { id } = await anEndpoint(pool);
  await pool.query(
    `INSERT INTO endpoint_gap (endpoint_id, from_at, until_at) VALUES
       ($1, now() - interval '95 days', now() - interval '91 days'), ($1, now() - interval '95 days 1 hour', now())`,
    [id],
  );
  await pool.query(
    `INSERT INTO recovery (id, endpoint_id, mode, status, from_at, until_at, cursor_at, total, publishers, created_by, completed_at)
     SELECT 'rec_' || status || days, $1, 'dead', status, now(), now(), now(), 0, '{}', 'key_1',
       CASE WHEN status <> 'running' THEN now() - days * interval '1 day' END
     FROM (VALUES ('completed', 91), ('completed', 89), ('cancelled', 91), ('running', 91)) AS ended (status, days)`,
    [id],
  );
  await deleteExpiredEvents(pool, { retentionDays });
  expect((await idsOf('recovery')).toSorted()).toEqual(['rec_completed89', 'rec_running91']);
  const gaps = await pool.query(
    `SELECT until_at >= now() - interval '1 hour' AS is_young FROM endpoint_gap WHERE endpoint_id = $1`,
    [id],
  );
  expect(gaps.rows).toEqual([{ is_young: true }, { is_young: true }]);
});

test('a run that is told to stop deletes nothing more', async () => {
  await anOldBacklog(2);
  const signal = AbortSignal.abort();
  expect(await deleteExpiredEvents(pool, { retentionDays, signal })).toEqual({ deliveries: 0, events: 0 });
});

test('runs at the same time delete each row once', async () => {
  await anOldBacklog(500);
  const runs = await Promise.all(
    Array.from({ length: 4 }, () => deleteExpiredEvents(pool, { retentionDays, batchRows: 20 })),
  );
  expect(runs.reduce((sum, { deliveries }) => sum + deliveries, 0)).toBe(
    500 - (await idsOf('delivery')).length,
  );
  await deleteExpiredEvents(pool, { retentionDays });
  expect([...(await idsOf('delivery')), ...(await idsOf('event'))]).toEqual([]);
});

test('a delivery that another transaction holds is passed over, not waited for', async () => {
  await anOldBacklog(3);
  await transaction(pool, async (db) => {
    await db.query(`UPDATE delivery SET status = 'pending' WHERE id = 'dlv_2'`);
    expect(await deleteExpiredEvents(pool, { retentionDays })).toEqual({ deliveries: 2, events: 2 });
  });
  expect(await idsOf('delivery')).toEqual(['dlv_2']);
});
