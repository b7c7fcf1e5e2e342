import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '@socmate/testing';
import { deleteExpiredEvents } from './delete-expired-events.ts';
import { createPool, type Pool } from './pool.ts';

const ROWS = 100_000;

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await cloneDatabase();
  // One connection: what it has prepared is what is explained.
  pool = createPool(database.url, { size: 1, name: 'test' });
  await pool.query('SET session_replication_role = replica');
  await pool.query(
    `INSERT INTO event (id, type, cause_key, body, created_at)
     SELECT 'evt_' || n, 'incident-alert', n, convert_to(repeat('x', 200), 'UTF8'), now() - n * interval '1 minute'
     FROM generate_series(1, $1::int) AS n`,
    [ROWS],
  );
  await pool.query(
    `INSERT INTO delivery (id, event_id, endpoint_id, status, created_at, completed_at)
     SELECT 'dlv' || substr(id, 4), id, 'whe_1', 'succeeded', created_at, created_at FROM event`,
  );
  await pool.query('SET session_replication_role = origin');
  await pool.query('ANALYZE');
  await deleteExpiredEvents(pool, { retentionDays: 10_000 });
}, 60_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const MODES = ['force_custom_plan', 'force_generic_plan'];

// A row a minute is 69.4 days of them: a tenth is past 62 days, none past 90.
const CASES = ['delivery', 'event'].flatMap((table) =>
  [62, 90].flatMap((days) => MODES.map((mode) => ({ table, days, mode }))),
);

const STATEMENTS: Record<string, string> = {
  delivery: '"delete-expired-deliveries"',
  event: '"delete-expired-events"',
};

test.each(CASES)(
  'with 100,000 rows of $table a batch past $days days goes by its indexes, $mode',
  async ({ table, days, mode }) => {
    await pool.query(`SET plan_cache_mode = ${mode}`);
    const { rows } = await pool.query(`EXPLAIN EXECUTE ${STATEMENTS[table]} ('-infinity', ${days}, 1000)`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain(`Backward using ${table}_created_idx`);
    expect(plan).toContain(`${table}_pkey`);
    expect(plan).not.toContain('Seq Scan');
  },
);

test.each(['delivery', 'event'])(
  'with nothing expired among 100,000 rows of %s a run reads a few pages',
  async (table) => {
    await pool.query('SET plan_cache_mode = force_generic_plan');
    const { rows } = await pool.query(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE ${STATEMENTS[table]} ('-infinity', 90, 1000)`,
    );
    const { Plan: plan } = rows[0]['QUERY PLAN'][0];
    expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(20);
  },
);
