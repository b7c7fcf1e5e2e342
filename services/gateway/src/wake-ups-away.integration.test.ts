import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { anIncident, aProvider } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

let gateway: GatewayUnderTest;
let pool: Pool;

beforeAll(async () => {
  gateway = await startGatewayUnderTest({ REDIS_URL: 'redis://127.0.0.1:1' });
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});

test('without Redis a test of an endpoint is taken, and its delivery is due', async () => {
  const body = { name: 'a', url: 'https://hooks.example.com/a', event_types: ['incident-alert'] };
  const { json: endpoint } = await gateway.ask('POST', '/api/v1/webhooks/endpoints', { body });
  const { status, json } = await gateway.ask('POST', `/api/v1/webhooks/endpoints/${endpoint.id}/test`);
  expect(status).toBe(202);
  const { rows } = await pool.query('SELECT id FROM delivery WHERE status = $1 AND due_at <= now()', [
    'pending',
  ]);
  expect(rows).toEqual([{ id: json.delivery_id }]);
});

test('without Redis a sync is taken, and the workspace is due', async () => {
  const { id } = await aProvider(pool, { next_sync_at: new Date(Date.now() + 3_600_000) });
  expect((await gateway.ask('POST', `/api/admin/siem-providers/${id}/sync`)).status).toBe(202);
  const { rows } = await pool.query('SELECT id FROM siem_provider WHERE next_sync_at <= now()');
  expect(rows).toEqual([{ id }]);
});

test('without Redis a comment and a status change are taken, and are due', async () => {
  const { id: provider_id, name } = await aProvider(pool, { allow_status_changes: true });
  const { number } = await anIncident(pool, { provider_id });
  const path = (end: string) => `/api/v1/incidents/${number}/${end}?provider=${name}`;
  expect((await gateway.ask('POST', path('comments'), { body: { message: 'a' } })).status).toBe(202);
  const headers = { prefer: 'wait=0' };
  expect((await gateway.ask('POST', path('status'), { body: { status: 'active' }, headers })).status).toBe(
    202,
  );
  const { rows } = await pool.query(
    `SELECT status FROM comment WHERE due_at <= now() UNION ALL SELECT status FROM status_change WHERE due_at <= now()`,
  );
  expect(rows).toEqual([{ status: 'pending' }, { status: 'pending' }]);
});

test('without Redis an enrichment is taken, and is due', async () => {
  const { id: provider_id, name } = await aProvider(pool);
  const { id, number } = await anIncident(pool, { provider_id });
  const answer = await gateway.ask('POST', `/api/v1/incidents/${number}/enrich?provider=${name}`);
  expect(answer.status).toBe(202);
  const { rows } = await pool.query('SELECT incident_id, run_id FROM enrichment WHERE due_at <= now()');
  expect(rows).toEqual([{ incident_id: id, run_id: answer.json.job_id }]);
});
