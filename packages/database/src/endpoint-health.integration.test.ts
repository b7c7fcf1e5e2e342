import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createIds, systemClock } from '@socmate/runtime';
import { anEndpoint, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createEndpointHealth, type EndpointHealth, FAILING_REASON } from './endpoint-health.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
let health: EndpointHealth;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
  health = createEndpointHealth(pool, { ids: createIds(), clock: systemClock });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('TRUNCATE webhook_endpoint, audit_log CASCADE'));

async function failing(since: string, last: string, columns: Record<string, unknown> = {}): Promise<string> {
  const { id } = await anEndpoint(pool, columns);
  await pool.query(
    `INSERT INTO endpoint_health (endpoint_id, failures, failing_since, last_failure_at)
     VALUES ($1, 9, now() - $2::interval, now() - $3::interval)`,
    [id, since, last],
  );
  return id;
}

const audited = async (): Promise<unknown[]> =>
  (await pool.query('SELECT actor, action, target_id, after FROM audit_log ORDER BY at, id')).rows;

const stateOf = async (id: string): Promise<unknown> =>
  (await pool.query('SELECT enabled, disabled_reason FROM webhook_endpoint WHERE id = $1', [id])).rows[0];

test('half of five days of failing is noticed once, in the audit log', async () => {
  const id = await failing('2 days 12 hours 1 second', '1 minute');
  await failing('2 days 11 hours', '1 minute');
  expect(await health.judge()).toMatchObject([{ endpointId: id, percent: 50 }]);
  expect(await health.judge()).toEqual([]);
  expect(await audited()).toEqual([
    {
      actor: 'notifier',
      action: 'webhook_endpoint.failing',
      target_id: id,
      after: { failing_since: expect.any(String), percent_until_disabled: 50 },
    },
  ]);
  expect(await stateOf(id)).toEqual({ enabled: true, disabled_reason: null });
});

test('five days of failing disable it, with a reason and a notice', async () => {
  const id = await failing('5 days', '4 days');
  expect(await health.judge()).toMatchObject([{ endpointId: id, percent: 100 }]);
  expect(await stateOf(id)).toEqual({ enabled: false, disabled_reason: FAILING_REASON });
  expect(await audited()).toMatchObject([
    { action: 'webhook_endpoint.failing', after: { percent_until_disabled: 100 } },
    { action: 'webhook_endpoint.disabled', after: { enabled: false, disabled_reason: FAILING_REASON } },
  ]);
  expect(await health.judge()).toEqual([]);
});

test('failures that are less than 12 hours apart disable nothing, however long ago they were', async () => {
  const id = await failing('9 days', '8 days 13 hours');
  expect(await health.judge()).toEqual([]);
  expect(await stateOf(id)).toMatchObject({ enabled: true });
});

test('one that is disabled or deleted already is left alone', async () => {
  await failing('9 days', '1 hour', { enabled: false });
  await failing('9 days', '1 hour', { deleted_at: new Date() });
  expect(await health.judge()).toEqual([]);
  expect(await audited()).toEqual([]);
});

test('of many that judge at once, one gives notice', async () => {
  await failing('9 days', '1 hour');
  const noticed = await Promise.all(Array.from({ length: 8 }, () => health.judge()));
  expect(noticed.flat()).toHaveLength(1);
  expect(await audited()).toHaveLength(2);
});

test('of very many, each has its notice, a hundred at a time', async () => {
  await pool.query(`INSERT INTO webhook_endpoint (id, name, url_sealed, url_masked, event_types, secret_sealed)
    SELECT 'whe_' || n, 'receiver', 'sealed', 'https://receiver.example/…', '{incident-alert}', 'sealed'
    FROM generate_series(1, 150) AS n`);
  await pool.query(`INSERT INTO endpoint_health (endpoint_id, failures, failing_since, last_failure_at)
    SELECT id, 9, now() - interval '3 days', now() FROM webhook_endpoint`);
  const noticed = [await health.judge(), await health.judge(), await health.judge()];
  expect(noticed.map((of) => of.length)).toEqual([100, 50, 0]);
  expect(new Set(noticed.flat().map(({ endpointId }) => endpointId)).size).toBe(150);
});

test('an answer of a URL that the endpoint has left does not disable it', async () => {
  const { id } = await anEndpoint(pool);
  expect(await health.disable(id, 'the endpoint answered 410 Gone', 'another')).toBe(false);
  expect(await stateOf(id)).toEqual({ enabled: true, disabled_reason: null });
});

test('disabling is done once and audited with it; a later reason changes nothing', async () => {
  const { id } = await anEndpoint(pool);
  expect(await health.disable(id, 'the endpoint answered 410 Gone', 'sealed')).toBe(true);
  expect(await health.disable(id, 'a later reason', 'sealed')).toBe(false);
  expect(await stateOf(id)).toEqual({ enabled: false, disabled_reason: 'the endpoint answered 410 Gone' });
  expect(await audited()).toHaveLength(1);
});
