import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { anEndpoint, aProvider } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/webhooks/events';
let gateway: GatewayUnderTest;
let pool: Pool;
let eu: { id: string };

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE webhook_endpoint, event, siem_provider CASCADE');
  eu = await aProvider(pool, { name: 'eu' });
});

let made = 0;

async function anEvent(only: { type?: string; hours?: number; providerId?: string | null } = {}) {
  const { type = 'incident-alert', hours = 0, providerId = null } = only;
  made += 1;
  const id = `evt_${String(made).padStart(6, '0')}`;
  await pool.query(
    `INSERT INTO event (id, type, cause_key, provider_id, body, created_at)
     VALUES ($1, $2, $1, $3, $4, now() - $5 * interval '1 hour')`,
    [id, type, providerId, JSON.stringify({ id, type, data: { n: made } }), hours],
  );
  return id;
}

const list = async (query: string, key?: string): Promise<string[]> => {
  const { status, json } = await gateway.ask('GET', `${PATH}?${query}`, key === undefined ? {} : { key });
  expect(status).toBe(200);
  expect(json.total).toBeGreaterThanOrEqual(json.items.length);
  return json.items.map(({ id }: { id: string }) => id);
};

test('events are listed newest first, by type and time, whether or not anybody got them', async () => {
  const old = await anEvent({ hours: 30 });
  const ping = await anEvent({ hours: 2, type: 'ping' });
  const alert = await anEvent({ hours: 1, providerId: eu.id });
  expect(await list('')).toEqual([alert, ping, old]);
  expect(await list('event_type=PING')).toEqual([ping]);
  expect(await list('timespan=P1D&event_type=incident-alert')).toEqual([alert]);
});

test('a scan by cursor meets each event once while others arrive', async () => {
  const ids = [];
  for (let hours = 1; hours <= 5; hours += 1) ids.push(await anEvent({ hours }));
  const first = (await gateway.ask('GET', `${PATH}?limit=2`)).json;
  await anEvent();
  const next = (await gateway.ask('GET', `${PATH}?limit=10&cursor=${first.next_cursor}`)).json;
  expect([...first.items, ...next.items].map(({ id }: { id: string }) => id)).toEqual(ids);
  expect(next.next_cursor).toBeNull();
});

test('an event carries its data as it is sent, and its deliveries', async () => {
  const id = await anEvent({ providerId: eu.id });
  const endpoint = await anEndpoint(pool);
  await pool.query('INSERT INTO delivery (id, event_id, endpoint_id) VALUES ($1, $2, $3)', [
    'dlv_1',
    id,
    endpoint.id,
  ]);
  const { status, json } = await gateway.ask('GET', `${PATH}/${id}`);
  expect(status).toBe(200);
  expect(json).toEqual({
    id,
    type: 'incident-alert',
    provider: 'eu',
    created_at: expect.any(String),
    data: { n: made },
    deliveries: [expect.objectContaining({ id: 'dlv_1', endpoint_id: endpoint.id, status: 'pending' })],
  });
});

test.each(['event_type=nonsense', 'timespan=soon', 'limit=1000', 'unknown=1'])(
  'a list with %s is 422',
  async (query) => {
    expect((await gateway.ask('GET', `${PATH}?${query}`)).status).toBe(422);
  },
);

test('without a key it is 401, without the scope 403, unknown 404', async () => {
  const id = await anEvent();
  const { apiKey } = await gateway.keyWith(['webhooks:write']);
  for (const path of [PATH, `${PATH}/${id}`]) {
    expect((await gateway.ask('GET', path, { key: null })).status).toBe(401);
    expect((await gateway.ask('GET', path, { key: apiKey })).status).toBe(403);
  }
  expect((await gateway.ask('GET', `${PATH}/evt_unknown`)).status).toBe(404);
});

test('a key that is limited to workspaces sees their events and no others', async () => {
  const { apiKey } = await gateway.keyWith(['webhooks:read'], { providers: [eu.id] });
  const mine = await anEvent({ providerId: eu.id });
  const others = await anEvent();
  expect(await list('', apiKey)).toEqual([mine]);
  expect((await gateway.ask('GET', `${PATH}/${others}`, { key: apiKey })).status).toBe(404);
  expect((await gateway.ask('GET', `${PATH}/${mine}`, { key: apiKey })).status).toBe(200);
});
