import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { deliverWebhook, sealContext } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import { createPool, type Pool } from '@socmate/database';
import { startConsumer } from '@socmate/queue';
import { createLogger } from '@socmate/runtime';
import { aProvider, until } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/webhooks/endpoints';
const SECRET_URL = 'https://hooks.example.com:8443/services/T000?sig=s3cr3t';
let gateway: GatewayUnderTest;
let pool: Pool;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE webhook_endpoint, siem_provider CASCADE');
});

const valid = { name: 'ticketing', url: SECRET_URL, event_types: ['incident-alert'] };
const create = (only: object = {}, key = gateway.adminKey) =>
  gateway.ask('POST', PATH, { key, body: { ...valid, ...only } });
const created = async (only: object = {}) => {
  const { status, json } = await create(only);
  expect(status).toBe(201);
  return json;
};
const patch = (id: string, body: object) => gateway.ask('PATCH', `${PATH}/${id}`, { body });
const rowOf = async (id: string) =>
  (await pool.query('SELECT * FROM webhook_endpoint WHERE id = $1', [id])).rows[0];
const actionsOf = async (id: string) => {
  const { json } = await gateway.ask('GET', `/api/admin/audit-log?target_id=${id}`);
  return json.items.map(({ action }: { action: string }) => action).reverse();
};

test('an endpoint is created with its defaults, and its secret is shown then and never again', async () => {
  const { status, json, headers } = await create();
  expect(status).toBe(201);
  expect(json).toEqual({
    id: expect.stringMatching(/^whe_/),
    ...valid,
    description: null,
    severity_min: null,
    alert_on: ['new'],
    triggers: ['schedule'],
    providers: null,
    filters: {},
    mute_windows: [],
    storm_threshold: null,
    headers: {},
    auth: { type: 'none' },
    previous_secret_expires_at: null,
    timeout_ms: 15_000,
    retry_schedule_s: null,
    rate_limit_per_second: null,
    max_in_flight: 10,
    enabled: true,
    status: 'enabled',
    disabled_reason: null,
    health: {
      breaker: 'closed',
      consecutive_failures: 0,
      failing_since: null,
      last_failure_at: null,
      open_until: null,
    },
    secret: expect.stringMatching(/^whsec_/),
    created_at: expect.any(String),
    updated_at: expect.any(String),
  });
  expect(headers.get('location')).toBe(`${PATH}/${json.id}`);
  const answers = [
    await gateway.ask('GET', `${PATH}/${json.id}`),
    await gateway.ask('GET', PATH),
    await patch(json.id, { name: 'other' }),
    await gateway.ask('POST', `${PATH}/${json.id}/disable`),
    await gateway.ask('GET', '/api/admin/audit-log'),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.json)).not.toContain(json.secret.slice('whsec_'.length));
  }
});

test('URL and secret are sealed at rest, each for its own row and field', async () => {
  const { id, secret } = await created();
  const row = await rowOf(id);
  expect(JSON.stringify(row)).not.toContain('s3cr3t');
  const sealer = createSealer(parseMasterKeys(gateway.config.MASTER_KEYS));
  expect(sealer.open(row.url_sealed, sealContext.webhookUrl(id))).toBe(SECRET_URL);
  expect(sealer.open(row.secret_sealed, sealContext.webhookSecret(id))).toBe(secret);
});

test('a change replaces what it names, stays as it is elsewhere and is audited', async () => {
  const provider = await aProvider(pool, { name: 'prod', is_default: true });
  const { id, created_at } = await created({ description: 'old', severity_min: 'high' });
  const body = {
    description: null,
    retry_schedule_s: [1, 86_400],
    rate_limit_per_second: 50,
    providers: ['sentinel', provider.id],
    name: 'new',
  };
  const { status, json } = await patch(id, body);
  expect(status).toBe(200);
  expect(json).toMatchObject({
    ...body,
    providers: ['prod'],
    severity_min: 'high',
    url: SECRET_URL,
    created_at,
  });
  expect((await patch(id, { secret: `whsec_${Buffer.alloc(32).toString('base64')}` })).status).toBe(422);
  const { json: audit } = await gateway.ask('GET', `/api/admin/audit-log?target_id=${id}`);
  expect(audit.items[0]).toMatchObject({
    action: 'webhook_endpoint.updated',
    before: { name: 'ticketing', description: 'old', providers: null },
    after: { name: 'new', description: null, providers: ['prod'] },
  });
});

const pendingDelivery = async (endpointId: string, status = 'pending') => {
  const id = `evt_${Math.random()}`;
  await pool.query(`INSERT INTO event (id, type, cause_key, body) VALUES ($1, 'incident-alert', $1, 'x')`, [
    id,
  ]);
  await pool.query(`INSERT INTO delivery (id, event_id, endpoint_id, status) VALUES ($1, $1, $2, $3)`, [
    id,
    endpointId,
    status,
  ]);
  return async () => (await pool.query('SELECT status FROM delivery WHERE id = $1', [id])).rows[0].status;
};

test('deleting an endpoint cancels what is pending and nothing else; then it is gone', async () => {
  const { id } = await created();
  const other = await created();
  const pending = await pendingDelivery(id);
  const done = await pendingDelivery(id, 'succeeded');
  const others = await pendingDelivery(other.id);
  expect((await gateway.ask('DELETE', `${PATH}/${id}`)).status).toBe(204);
  expect([await pending(), await done(), await others()]).toEqual(['cancelled', 'succeeded', 'pending']);
  for (const [method, path] of [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/test'],
    ['POST', '/enable'],
    ['POST', '/disable'],
  ] as const) {
    const body = method === 'PATCH' ? {} : undefined;
    expect((await gateway.ask(method, `${PATH}/${id}${path}`, { body })).status).toBe(404);
  }
  expect((await gateway.ask('GET', PATH)).json).toMatchObject({ total: 1, items: [{ id: other.id }] });
  expect(await actionsOf(id)).toEqual(['webhook_endpoint.created', 'webhook_endpoint.deleted']);
});

test('deleting an endpoint with a large backlog cancels all of it', async () => {
  const { id } = await created();
  await pool.query(
    `INSERT INTO event (id, type, cause_key, body) SELECT 'evt_' || n, 'ping', 'many' || n, 'x' FROM generate_series(1, 4500) AS n`,
  );
  await pool.query(
    `INSERT INTO delivery (id, event_id, endpoint_id, attempts_count, lease_owner)
    SELECT 'dlv_' || n, 'evt_' || n, $1, n % 2, CASE WHEN n % 100 = 0 THEN 'wrk_1:1' END FROM generate_series(1, 4500) AS n`,
    [id],
  );
  expect((await gateway.ask('DELETE', `${PATH}/${id}`)).status).toBe(204);
  const { rows } = await pool.query('SELECT status, count(*)::int AS n FROM delivery GROUP BY status');
  expect(rows).toEqual([{ status: 'cancelled', n: 4_500 }]);
});

test('a delivery that is being inserted while its endpoint is deleted is cancelled, too', async () => {
  const { id } = await created();
  const publisher = await pool.connect();
  await publisher.query('BEGIN');
  await publisher.query(`INSERT INTO event (id, type, cause_key, body) VALUES ('evt_r', 'ping', 'r', 'x')`);
  await publisher.query(`INSERT INTO delivery (id, event_id, endpoint_id) VALUES ('dlv_r', 'evt_r', $1)`, [
    id,
  ]);
  const deleting = gateway.ask('DELETE', `${PATH}/${id}`);
  await until('the deletion waits', async () => {
    const { rows } = await pool.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return rows.length > 0;
  });
  await publisher.query('COMMIT');
  publisher.release();
  expect((await deleting).status).toBe(204);
  const { rows } = await pool.query(`SELECT status FROM delivery WHERE id = 'dlv_r'`);
  expect(rows[0].status).toBe('cancelled');
});

test('disabling and enabling keep what is pending, and say so in the endpoint and the audit log', async () => {
  const { id } = await created();
  const pending = await pendingDelivery(id);
  const disabled = await gateway.ask('POST', `${PATH}/${id}/disable`);
  expect(disabled.json).toMatchObject({
    enabled: false,
    status: 'disabled',
    disabled_reason: 'disabled by hand',
  });
  expect((await gateway.ask('POST', `${PATH}/${id}/test`)).status).toBe(409);
  const enabled = await gateway.ask('POST', `${PATH}/${id}/enable`);
  expect(enabled.json).toMatchObject({ enabled: true, status: 'enabled', disabled_reason: null });
  expect(await pending()).toBe('pending');
  expect(await actionsOf(id)).toEqual([
    'webhook_endpoint.created',
    'webhook_endpoint.disabled',
    'webhook_endpoint.enabled',
  ]);
});

test('an endpoint shows how it does, and begins anew when it is enabled', async () => {
  const { id } = await created();
  const breakerIs = async (openUntil: string | null) => {
    await pool.query(
      `INSERT INTO endpoint_health (endpoint_id, failures, open_until) VALUES ($1, 5, now() + $2::interval)
       ON CONFLICT (endpoint_id) DO UPDATE SET open_until = excluded.open_until`,
      [id, openUntil],
    );
    return (await gateway.ask('GET', `${PATH}/${id}`)).json.health.breaker;
  };
  expect(await breakerIs(null)).toBe('closed');
  expect(await breakerIs('30 seconds')).toBe('open');
  expect(await breakerIs('-1 seconds')).toBe('half_open');
  const { json } = await gateway.ask('GET', PATH);
  expect(json.items[0].health).toMatchObject({
    consecutive_failures: 5,
    failing_since: expect.stringMatching(/Z$/),
    open_until: expect.stringMatching(/Z$/),
  });
  await gateway.ask('POST', `${PATH}/${id}/disable`);
  const enabled = await gateway.ask('POST', `${PATH}/${id}/enable`);
  expect(enabled.json.health).toMatchObject({ breaker: 'closed', consecutive_failures: 0 });
});

test('a test inserts a ping with its delivery and wakes the notifier for that endpoint', async () => {
  const { id } = await created();
  const woken: string[] = [];
  const consumer = startConsumer(
    deliverWebhook,
    {
      url: gateway.config.REDIS_URL,
      prefix: gateway.config.QUEUE_PREFIX,
      concurrency: 1,
      graceMs: 0,
      log: createLogger('test', 'silent'),
    },
    async ({ endpointIds }) => void woken.push(...endpointIds),
  );
  const { status, json } = await gateway.ask('POST', `${PATH}/${id}/test`);
  expect(status).toBe(202);
  await until('the wake-up arrives', () => woken.includes(id));
  await consumer.close();
  const { rows } = await pool.query(
    `SELECT d.status, d.endpoint_id, e.type, convert_from(e.body, 'UTF8') AS body
     FROM delivery AS d JOIN event AS e ON e.id = d.event_id WHERE d.id = $1 AND e.id = $2`,
    [json.delivery_id, json.event_id],
  );
  expect(rows[0]).toMatchObject({ status: 'pending', endpoint_id: id, type: 'ping' });
  expect(JSON.parse(rows[0].body)).toMatchObject({
    id: json.event_id,
    type: 'ping',
    data: { message: expect.any(String) },
  });
  expect(await actionsOf(id)).toEqual(['webhook_endpoint.created', 'webhook_endpoint.tested']);
});

test('endpoints are listed newest first and continued by a cursor', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await created({ name });
  const first = (await gateway.ask('GET', `${PATH}?limit=2`)).json;
  expect(first).toMatchObject({ total: 5, limit: 2 });
  const second = (await gateway.ask('GET', `${PATH}?limit=3&cursor=${first.next_cursor}`)).json;
  const names = [...first.items, ...second.items].map(({ name }: { name: string }) => name);
  expect(names).toEqual(['e', 'd', 'c', 'b', 'a']);
  expect(second.next_cursor).toBeNull();
  expect((await gateway.ask('GET', `${PATH}?limit=1000`)).status).toBe(422);
});

test('the event types come with the JSON Schema of what is sent', async () => {
  const { status, json } = await gateway.ask('GET', '/api/v1/webhooks/event-types');
  expect(status).toBe(200);
  expect(json.items.map(({ type }: { type: string }) => type)).toEqual([
    'incident-alert',
    'investigation-completed',
    'investigation-failed',
    'schedule-disabled',
    'provider-unhealthy',
    'provider-recovered',
    'endpoint-failing',
  ]);
  for (const { schema, description } of json.items) {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(description).toMatch(/\.$/);
  }
  const { IncidentAlert } = json.items[0].schema.$defs;
  expect(IncidentAlert.properties).toHaveProperty('incident');
  expect(IncidentAlert.additionalProperties).toBeUndefined();
});
