import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { anEndpoint, aProvider } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/webhooks/deliveries';
let gateway: GatewayUnderTest;
let pool: Pool;
let endpoint: { id: string };

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE webhook_endpoint, event, siem_provider, delivery_attempt CASCADE');
  endpoint = await anEndpoint(pool);
});

let made = 0;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);

/** A delivery of an event of its own. */
async function aDelivery(only: { type?: string; status?: string; hours?: number; endpointId?: string } = {}) {
  const { type = 'incident-alert', status = 'pending', hours = 0, endpointId = endpoint.id } = only;
  made += 1;
  const id = `dlv_${made}`;
  await pool.query(`INSERT INTO event (id, type, cause_key, body) VALUES ($1, $2, $1, 'x')`, [
    `evt_${made}`,
    type,
  ]);
  await pool.query(
    `INSERT INTO delivery (id, event_id, endpoint_id, status, created_at) VALUES ($1, $2, $3, $4, $5)`,
    [id, `evt_${made}`, endpointId, status, hoursAgo(hours)],
  );
  return id;
}

const attempt = (deliveryId: string, number: number, statusCode: number) =>
  pool.query(`INSERT INTO delivery_attempt VALUES ($1, $2, now(), 12, $3, $4, $5, $6, 'thanks')`, [
    deliveryId,
    number,
    statusCode < 300 ? 'success' : 'http_error',
    statusCode,
    { 'webhook-id': 'evt_1' },
    { server: 'x' },
  ]);

const list = async (query: string) => {
  const { status, json } = await gateway.ask('GET', `${PATH}?${query}`);
  expect(status).toBe(200);
  return json.items.map(({ id }: { id: string }) => id);
};

test('filters go together, newest first', async () => {
  const old = await aDelivery({ hours: 30, status: 'dead' });
  const ping = await aDelivery({ hours: 2, type: 'ping', status: 'succeeded' });
  const pending = await aDelivery({ hours: 1 });
  const other = await aDelivery({ endpointId: (await anEndpoint(pool)).id });
  expect(await list('')).toEqual([other, pending, ping, old]);
  expect(await list(`endpoint_id=${endpoint.id}&limit=2`)).toEqual([pending, ping]);
  expect(await list('status=DEAD&status=succeeded')).toEqual([ping, old]);
  expect(await list('event_type=ping')).toEqual([ping]);
  expect(await list('timespan=P1D&event_type=incident-alert')).toEqual([other, pending]);
});

test('a scan by cursor meets each delivery once while others arrive', async () => {
  const ids = [];
  for (let hours = 1; hours <= 5; hours += 1) ids.push(await aDelivery({ hours }));
  const first = (await gateway.ask('GET', `${PATH}?limit=2&timespan=P1D`)).json;
  await aDelivery();
  const next = (await gateway.ask('GET', `${PATH}?limit=10&timespan=P1D&cursor=${first.next_cursor}`)).json;
  expect([...first.items, ...next.items].map(({ id }: { id: string }) => id)).toEqual(ids);
  expect((await gateway.ask('GET', `${PATH}?cursor=${first.next_cursor}`)).status).toBe(422);
});

test('a delivery carries its attempts in their order', async () => {
  const id = await aDelivery();
  await attempt(id, 2, 204);
  await attempt(id, 1, 500);
  const { status, json } = await gateway.ask('GET', `${PATH}/${id}`);
  expect(status).toBe(200);
  expect(json).toEqual({
    id,
    event_id: expect.any(String),
    event_type: 'incident-alert',
    endpoint_id: endpoint.id,
    status: 'pending',
    attempts_count: 0,
    due_at: expect.any(String),
    created_at: expect.any(String),
    completed_at: null,
    attempts: [
      expect.objectContaining({ number: 1, outcome: 'http_error', status_code: 500 }),
      {
        number: 2,
        started_at: expect.any(String),
        duration_ms: 12,
        outcome: 'success',
        status_code: 204,
        request_headers: { 'webhook-id': 'evt_1' },
        response_headers: { server: 'x' },
        response_body: 'thanks',
      },
    ],
  });
});

test.each(['status=lost', 'event_type=nonsense', 'timespan=soon', 'limit=1000', 'unknown=1'])(
  'a list with %s is 422',
  async (query) => {
    expect((await gateway.ask('GET', `${PATH}?${query}`)).status).toBe(422);
  },
);

test('without a key it is 401, without the scope 403, unknown 404', async () => {
  const id = await aDelivery();
  const { apiKey } = await gateway.keyWith(['webhooks:write']);
  for (const path of [PATH, `${PATH}/${id}`]) {
    expect((await gateway.ask('GET', path, { key: null })).status).toBe(401);
    expect((await gateway.ask('GET', path, { key: apiKey })).status).toBe(403);
  }
  expect((await gateway.ask('GET', `${PATH}/dlv_unknown`)).status).toBe(404);
});

test('a key that is limited to workspaces sees the deliveries of their endpoints only', async () => {
  const eu = await aProvider(pool, { name: 'eu' });
  const { apiKey } = await gateway.keyWith(['webhooks:read'], { providers: [eu.id] });
  const mine = await aDelivery({ endpointId: (await anEndpoint(pool, { providers: ['eu'] })).id });
  const everyones = await aDelivery();
  const { json } = await gateway.ask('GET', PATH, { key: apiKey });
  expect(json).toMatchObject({ total: 1, items: [{ id: mine }] });
  expect((await gateway.ask('GET', `${PATH}/${everyones}`, { key: apiKey })).status).toBe(404);
  expect((await gateway.ask('GET', `${PATH}/${mine}`, { key: apiKey })).status).toBe(200);
});
