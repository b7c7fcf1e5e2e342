import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createDeliveryQueue } from './delivery-queue.ts';
import { createPool, type Pool } from './pool.ts';

const PENDING = 100_000;

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await cloneDatabase();
  // One connection: what it has prepared is what is explained.
  pool = createPool(database.url, { size: 1, name: 'test' });
  await pool.query(`INSERT INTO webhook_endpoint (id, name, url_sealed, url_masked, event_types, secret_sealed)
    SELECT 'whe_' || n, 'receiver', 'u', 'u', '{incident-alert}', 's' FROM generate_series(0, 19) AS n`);
  await pool.query(`SET session_replication_role = replica`);
  await pool.query(
    `INSERT INTO delivery (id, event_id, endpoint_id, status, lease_owner, due_at)
     SELECT 'dlv_' || n, 'evt_' || n, 'whe_' || n % 20,
       CASE WHEN n <= $1 THEN 'pending' ELSE 'succeeded' END,
       CASE WHEN n <= 200 THEN 'wrk_' || n % 4 END,
       now() + (n % 7200 - 3600) * interval '1 second'
     FROM generate_series(1, $1 * 1.2) AS n`,
    [PENDING],
  );
  await pool.query(
    `INSERT INTO event (id, type, cause_key, body)
     SELECT 'evt_' || n, 'incident-alert', n, convert_to(repeat('x', 200), 'UTF8') FROM generate_series(1, $1 * 1.2) AS n`,
    [PENDING],
  );
  await pool.query('ANALYZE');
  const queue = createDeliveryQueue(pool);
  await queue.claim('wrk_1', []);
  await queue.settle([]);
  await queue.due();
  await queue.freeDead();
}, 60_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function explain(statement: string, mode: string): Promise<string> {
  await pool.query(`SET plan_cache_mode = ${mode}`);
  const { rows } = await pool.query(`EXPLAIN EXECUTE ${statement}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

const CLAIM = `"claim-deliveries" ('wrk_1', '{whe_1,whe_2,whe_3}', '{10,10,10}', '{10,10,10}')`;

const SETTLE = `"settle-deliveries" ('{wrk_1:1}', '{dlv_1}', '{whe_1}', '{1}', '{2026-11-22}', '{1}', '{success}', '{200}',
  '{"{}"}', '{"{}"}', '{""}', '{succeeded}', '{null}', '{whe_1}', '{0}', '{true}', 5, 30000)`;

test.each([
  ['a claim', CLAIM, 'delivery_due_idx', 'force_custom_plan'],
  ['a claim', CLAIM, 'delivery_due_idx', 'force_generic_plan'],
  ['a settled batch', SETTLE, 'delivery_pkey', 'force_generic_plan'],
  ['what is due', '"due-endpoints"', 'delivery_due_idx', 'force_generic_plan'],
  ['what dead owners held', '"free-dead-leases"', 'delivery_lease_idx', 'force_generic_plan'],
])('with 100,000 pending deliveries %s goes by its index', async (_what, statement, index, mode) => {
  const plan = await explain(statement, mode);
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan on (?:delivery|event)/);
});

test('with 100,000 pending deliveries a claim reads a few pages, not the backlog', async () => {
  await pool.query('SET plan_cache_mode = force_generic_plan');
  await pool.query('BEGIN');
  const { rows } = await pool.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE ${CLAIM}`);
  await pool.query('ROLLBACK');
  const { Plan: plan } = rows[0]['QUERY PLAN'][0];
  expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(1_000);
});

test('plans that were kept while the tables were empty go by indexes when a backlog comes in', async () => {
  const empty = await cloneDatabase();
  const small = createPool(empty.url, { size: 1, name: 'test', prefersIndexes: true });
  try {
    const queue = createDeliveryQueue(small);
    for (let times = 0; times < 8; times += 1) {
      await queue.claim('wrk_1:1', [{ endpointId: 'whe_1', first: 10, retries: 10 }]);
      await queue.settle([]);
    }
    await small.query('SET plan_cache_mode = force_generic_plan');
    for (const statement of [CLAIM, SETTLE]) {
      const { rows } = await small.query(`EXPLAIN EXECUTE ${statement}`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).not.toMatch(/Seq Scan on (?:delivery|event)\b/);
    }
  } finally {
    await small.end();
    await empty.drop();
  }
});
