import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase, until } from '@socmate/testing';
import { keepPartitions } from './partitions.ts';
import { createPool, type Pool } from './pool.ts';

const keepAll = { delivery_attempt: 100_000, audit_log: 100_000 };

let database: TestDatabase;
let pool: Pool;

beforeEach(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 6, name: 'test' });
  for (const name of [...(await partitionsOf('delivery_attempt')), ...(await partitionsOf('audit_log'))])
    await pool.query(`DROP TABLE ${name}`);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

async function partitionsOf(table: string): Promise<string[]> {
  const { rows } = await pool.query(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits
     WHERE inhparent = $1::regclass AND inhrelid::regclass::text !~ 'default' ORDER BY name`,
    [table],
  );
  return rows.map(({ name }) => name);
}

/** `delivery_attempt_2026_11` for the month that is so many away from this one. */
async function monthly(table: string, monthsAway: number): Promise<string> {
  const { rows } = await pool.query(
    `SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1), 'YYYY_MM') AS month`,
    [monthsAway],
  );
  return `${table}_${rows[0].month}`;
}

const anAttempt = (deliveryId: string, startedAt: string): Promise<unknown> =>
  pool.query(
    `INSERT INTO delivery_attempt (delivery_id, number, started_at, duration_ms, outcome, request_headers)
     VALUES ($1, 1, $2, 1, 'success', '{}')`,
    [deliveryId, startedAt],
  );

const whereIs = async (deliveryId: string): Promise<string | undefined> =>
  (
    await pool.query('SELECT tableoid::regclass::text AS name FROM delivery_attempt WHERE delivery_id = $1', [
      deliveryId,
    ])
  ).rows[0]?.name;

test('this month and the next three have their partitions, and a second run makes none', async () => {
  expect(await keepPartitions(pool, keepAll, new Date())).toEqual({ made: 8, dropped: [] });
  for (const table of ['delivery_attempt', 'audit_log']) {
    const wanted = await Promise.all([0, 1, 2, 3].map((months) => monthly(table, months)));
    expect(await partitionsOf(table)).toEqual(wanted);
  }
  expect(await keepPartitions(pool, keepAll, new Date())).toEqual({ made: 0, dropped: [] });
});

test('a row that fell into the default partition moves along, and its neighbours stay', async () => {
  const month = await monthly('delivery_attempt', 1);
  const day = (n: string) => `${month.slice(-7).replace('_', '-')}-${n}T00:00:00Z`;
  await anAttempt('dlv_first', day('01'));
  await anAttempt('dlv_later', day('28'));
  await anAttempt('dlv_old', '2001-01-01T00:00:00Z');
  expect(await whereIs('dlv_first')).toBe('delivery_attempt_default');
  await keepPartitions(pool, keepAll, new Date());
  expect(await whereIs('dlv_first')).toBe(month);
  expect(await whereIs('dlv_later')).toBe(month);
  expect(await whereIs('dlv_old')).toBe('delivery_attempt_default');
});

test('a new partition takes new rows, and the same attempt twice is still refused', async () => {
  await keepPartitions(pool, keepAll, new Date());
  const now = new Date().toISOString();
  await anAttempt('dlv_1', now);
  expect(await whereIs('dlv_1')).toBe(await monthly('delivery_attempt', 0));
  await expect(anAttempt('dlv_1', now)).rejects.toThrow('duplicate key');
});

test('retention drops months that are past it as a whole, by each table’s own days', async () => {
  for (const [table, key] of [
    ['delivery_attempt', 'started_at'],
    ['audit_log', 'at'],
  ])
    await pool.query(`SELECT ensure_month_partitions($1::regclass, $2, '2025-01-01', 5)`, [table, key]);
  await anAttempt('dlv_kept', '2025-04-01T00:00:00Z');
  await anAttempt('dlv_dropped', '2025-03-31T23:59:59Z');
  const now = new Date('2025-05-25T00:00:00Z');
  const { dropped } = await keepPartitions(pool, { delivery_attempt: 30, audit_log: 100 }, now);
  expect(dropped.toSorted()).toEqual([
    'audit_log_2025_01',
    'delivery_attempt_2025_01',
    'delivery_attempt_2025_02',
    'delivery_attempt_2025_03',
  ]);
  expect(await whereIs('dlv_kept')).toBe('delivery_attempt_2025_04');
  expect(await whereIs('dlv_dropped')).toBeUndefined();
  expect(await partitionsOf('audit_log')).toContain('audit_log_2025_02');
});

test('replicas that keep the partitions at once make and drop each of them once', async () => {
  await pool.query(`SELECT ensure_month_partitions('audit_log', 'at', '2025-01-01', 2)`);
  const retention = { delivery_attempt: 30, audit_log: 30 };
  const done = await Promise.all(
    Array.from({ length: 5 }, () => keepPartitions(pool, retention, new Date('2026-01-01T00:00:00Z'))),
  );
  expect(done.reduce((sum, { made }) => sum + made, 0)).toBe(8);
  expect(done.flatMap(({ dropped }) => dropped).toSorted()).toEqual([
    'audit_log_2025_01',
    'audit_log_2025_02',
  ]);
});

test('a fault drops nothing and makes nothing', async () => {
  await pool.query('CREATE VIEW held AS SELECT * FROM audit_log_default');
  await pool.query(`SELECT ensure_month_partitions('audit_log', 'at', '2025-01-01', 1)`);
  await pool.query('CREATE VIEW blocking AS SELECT * FROM audit_log_2025_01');
  const upkeep = keepPartitions(
    pool,
    { delivery_attempt: 30, audit_log: 30 },
    new Date('2026-01-01T00:00:00Z'),
  );
  await expect(upkeep).rejects.toThrow('cannot drop table audit_log_2025_01');
  expect(await partitionsOf('delivery_attempt')).toEqual([]);
});

const WAITING = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

test('a long question of others makes the upkeep give way, and those who write wait no longer than it', async () => {
  await pool.query(`SELECT ensure_month_partitions('audit_log', 'at', '2025-01-01', 1)`);
  const upkeep = () => keepPartitions(pool, { delivery_attempt: 30, audit_log: 30 }, new Date('2026-01-01'));
  const reader = await pool.connect();
  try {
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM audit_log');
    const write = async () => {
      await until('the upkeep waits', async () => (await pool.query(WAITING)).rowCount === 1);
      await pool.query(`DELETE FROM audit_log WHERE id = 'aud_none'`);
    };
    await Promise.all([expect(upkeep()).rejects.toThrow('lock timeout'), write()]);
    expect(await partitionsOf('audit_log')).toEqual(['audit_log_2025_01']);
  } finally {
    await reader.query('COMMIT');
    reader.release();
  }
  expect(await upkeep()).toMatchObject({ dropped: ['audit_log_2025_01'] });
});
