import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createDeliveries, type DeliveryFilter } from './deliveries.ts';
import { endpointStats } from './endpoint-stats.ts';
import { createPool, type Pool, type Queryable } from './pool.ts';

const ROWS = 60_000;
let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await cloneDatabase();
  // One connection: what it has prepared is what is explained.
  pool = createPool(database.url, { size: 1, name: 'test' });
  await pool.query('SET session_replication_role = replica');
  await pool.query(
    `INSERT INTO event (id, type, cause_key, body)
     SELECT 'evt_' || n, 'incident-alert', n, '' FROM generate_series(1, $1::int) AS n`,
    [ROWS],
  );
  await pool.query(
    `INSERT INTO delivery (id, event_id, endpoint_id, status, attempts_count, created_at)
     SELECT 'dlv_' || n, 'evt_' || n, 'whe_' || n % 20,
       CASE WHEN n % 1000 = 0 THEN 'dead' WHEN n % 3 = 0 THEN 'pending' ELSE 'succeeded' END, n % 4,
       now() - n * interval '1 second'
     FROM generate_series(1, $1::int) AS n`,
    [ROWS],
  );
  await pool.query('SET session_replication_role = origin');
  await pool.query('ANALYZE');
}, 60_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** The plan of the last statement that `ask` runs, with the values that it runs it with. */
async function planOf(ask: (db: Queryable) => Promise<unknown>): Promise<string> {
  let last: { text: string; values: unknown[] } | undefined;
  const query = (statement: { text: string; values: unknown[] }) => {
    last = statement;
    return pool.query(statement);
  };
  await ask({ query } as unknown as Queryable);
  const { rows } = await pool.query(`EXPLAIN ${last!.text}`, last!.values);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

const dead: DeliveryFilter = { view: undefined, statuses: ['dead'] };
const page = { limit: 20, offset: 0 };

// Where dead letters are few the two indexes of them cost the same, and either will do.
test.each([
  ['of all endpoints', dead],
  ['of one endpoint', { ...dead, endpointId: 'whe_0' }],
])('the dead letters %s are listed and counted by an index of nothing else', async (_of, filter) => {
  for (const ask of [
    (db: Queryable) => createDeliveries(db).list(filter, page),
    (db: Queryable) => createDeliveries(db).count(filter),
  ]) {
    const plan = await planOf(ask);
    expect(plan).toMatch(/delivery_(endpoint_)?dead_idx/);
    expect(plan).not.toContain('Seq Scan on delivery');
  }
});

test.each(['force_custom_plan', 'force_generic_plan'])(
  'statistics of an endpoint are read by indexes, however much it has got, %s',
  async (mode) => {
    const since = new Date(Date.now() - 86_400_000);
    const stats = await endpointStats(pool, 'whe_0', since);
    expect(stats).toMatchObject({ deliveries: 1_000, backlog: 980 });
    await pool.query(`SET plan_cache_mode = ${mode}`);
    const { rows } = await pool.query(`EXPLAIN EXECUTE "endpoint-stats" ('whe_0', '${since.toISOString()}')`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('delivery_endpoint_created_idx');
    expect(plan).toContain('delivery_due_idx');
    expect(plan).not.toContain('Seq Scan on delivery ');
  },
);
