import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { aDelivery, anEndpoint, aProvider } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const ENDPOINTS = '/api/v1/webhooks/endpoints';
const DELIVERIES = '/api/v1/webhooks/deliveries';
const RECOVERIES = '/api/v1/webhooks/recoveries';
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
  await pool.query('TRUNCATE webhook_endpoint, event, siem_provider, delivery_attempt, audit_log CASCADE');
  endpoint = await anEndpoint(pool);
});

const delivered = (status: string, only: Record<string, unknown> = {}) =>
  aDelivery(pool, {
    endpoint_id: endpoint.id,
    status,
    attempts_count: 3,
    due_at: new Date(Date.now() + 3_600_000),
    completed_at: status === 'pending' ? null : new Date(),
    ...only,
  });

const retry = (id: string) => gateway.ask('POST', `${DELIVERIES}/${id}/retry`);
const recover = (body: unknown, id = endpoint.id) =>
  gateway.ask('POST', `${ENDPOINTS}/${id}/recover`, { body });
const setEnabled = (enabled: boolean) => pool.query('UPDATE webhook_endpoint SET enabled = $1', [enabled]);

test.each([
  ['pending', 0],
  ['dead', 3],
  ['succeeded', 3],
])('a retry makes a %s delivery due at once, and is audited', async (status, scheduleStart) => {
  const { id, event_id } = await delivered(status);
  const { status: code, json } = await retry(id);
  expect(code).toBe(202);
  expect(json).toMatchObject({ id, event_id, status: 'pending', attempts_count: 3, completed_at: null });
  expect(json).not.toHaveProperty('attempts');
  const { rows } = await pool.query('SELECT due_at <= now() AS is_due, schedule_start FROM delivery');
  expect(rows).toEqual([{ is_due: true, schedule_start: scheduleStart }]);
  const audit = await pool.query('SELECT action, target_id, before FROM audit_log');
  expect(audit.rows).toEqual([{ action: 'webhook_delivery.retried', target_id: id, before: { status } }]);
});

test.each([
  ['in flight', 'pending', { lease_owner: 'wrk_1' }, true, /being attempted/],
  ['cancelled', 'cancelled', {}, true, /was cancelled/],
  ['of a disabled endpoint', 'dead', {}, false, /is disabled/],
] as const)('a retry of a delivery that is %s is 409 and changes nothing', async (...given) => {
  const [, status, only, enabled, told] = given;
  const { id } = await delivered(status, only);
  await setEnabled(enabled);
  const answer = await retry(id);
  expect(answer).toMatchObject({ status: 409, json: { detail: expect.stringMatching(told) } });
  const { rows } = await pool.query('SELECT status, due_at > now() AS waits FROM delivery');
  expect(rows).toEqual([{ status, waits: true }]);
});

test('a retry of a delivery whose endpoint was deleted is 409', async () => {
  const { id } = await delivered('dead');
  await gateway.ask('DELETE', `${ENDPOINTS}/${endpoint.id}`);
  expect((await retry(id)).status).toBe(409);
});

test.each([
  [{ status: 'dead' }, 'dead', 1],
  [{ missed: true }, 'missed', 0],
  [{ since: '2026-01-01T00:00:00+02:00' }, 'since', 1],
])('a recovery by %j is accepted, and its progress can be read', async (body, mode, total) => {
  await delivered('dead');
  const { status, json, headers } = await recover(body);
  expect(status).toBe(202);
  expect(json).toEqual({
    id: expect.stringMatching(/^rec_/),
    endpoint_id: endpoint.id,
    mode,
    since: mode === 'since' ? '2025-12-31T22:00:00.000Z' : null,
    status: 'running',
    total,
    done: 0,
    pending: 0,
    created_at: expect.any(String),
    completed_at: null,
  });
  expect(headers.get('location')).toBe(`${RECOVERIES}/${json.id}`);
  expect((await gateway.ask('GET', `${RECOVERIES}/${json.id}`)).json).toEqual(json);
  const { rows } = await pool.query('SELECT action, target_id, after FROM audit_log');
  const after = { endpoint_id: endpoint.id, mode, since: json.since };
  expect(rows).toEqual([{ action: 'webhook_recovery.started', target_id: json.id, after }]);
});

test('a second recovery of an endpoint is 409 while the first runs, also at the same time', async () => {
  const answers = await Promise.all([recover({ missed: true }), recover({ missed: true })]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 409]));
  await pool.query(`UPDATE recovery SET status = 'completed'`);
  expect((await recover({ missed: true })).status).toBe(202);
});

test('a recovery of a disabled endpoint is 409', async () => {
  await setEnabled(false);
  const answer = await recover({ missed: true });
  expect(answer).toMatchObject({ status: 409, json: { detail: expect.stringContaining('enable it') } });
});

const WAYS = /^is one of .*since.*dead.*missed/;

test.each([
  [{}, [], WAYS],
  [{ missed: true, status: 'dead' }, [], WAYS],
  [[], [], WAYS],
  [{ since: 'yesterday' }, ['since'], /datetime/],
  [{ since: '2999-01-01T00:00:00Z' }, ['since'], /future/],
  [{ status: 'pending' }, ['status'], /"dead"/],
  [{ missed: false }, ['missed'], /true/],
  [{ missed: true, sinse: '2026-11-22T08:00:00Z' }, ['sinse'], /unknown field/],
])('a recovery by %j is 422, and says where and why', async (body, field, msg) => {
  const { status, json } = await recover(body);
  expect(status).toBe(422);
  expect(json.detail).toEqual([
    expect.objectContaining({ loc: ['body', ...field], msg: expect.stringMatching(msg) }),
  ]);
});

test('the same recovery asked for again under its idempotency key is one', async () => {
  const headers = { 'idempotency-key': 'once' };
  const ask = () =>
    gateway.ask('POST', `${ENDPOINTS}/${endpoint.id}/recover`, { body: { missed: true }, headers });
  const first = await ask();
  expect((await ask()).json.id).toBe(first.json.id);
});

test('statistics tell what became of the newest deliveries, and what waits', async () => {
  const attempt = (deliveryId: string, outcome: string, durationMs: number, number = 1) =>
    pool.query(
      `INSERT INTO delivery_attempt (delivery_id, number, started_at, duration_ms, outcome, request_headers)
       VALUES ($1, $2, now(), $3, $4, '{}')`,
      [deliveryId, number, durationMs, outcome],
    );
  const fast = await delivered('succeeded');
  const slow = await delivered('succeeded');
  const dead = await delivered('dead');
  await attempt(fast.id, 'success', 10);
  await attempt(slow.id, 'timeout', 15_000);
  await attempt(slow.id, 'success', 110, 2);
  await attempt(dead.id, 'http_error', 20);
  const oldest = new Date(Date.now() - 7_200_000);
  await delivered('pending', { created_at: oldest });
  await delivered('pending', { lease_owner: 'wrk_1' });
  await delivered('succeeded', { created_at: new Date(Date.now() - 90_000_000) });
  const { status, json } = await gateway.ask('GET', `${ENDPOINTS}/${endpoint.id}/stats`);
  expect(status).toBe(200);
  expect(json).toEqual({
    endpoint_id: endpoint.id,
    since: expect.any(String),
    deliveries: 5,
    succeeded: 2,
    dead: 1,
    attempts: 4,
    success_rate: 0.5,
    latency_p50_ms: 60,
    latency_p95_ms: 105,
    backlog: 2,
    oldest_pending_at: oldest.toISOString(),
  });
  const recent = (await gateway.ask('GET', `${ENDPOINTS}/${endpoint.id}/stats?timespan=PT1H`)).json;
  expect(recent).toMatchObject({ deliveries: 4, backlog: 2 });
});

test('an endpoint that got nothing yet has statistics without rates', async () => {
  const { json } = await gateway.ask('GET', `${ENDPOINTS}/${endpoint.id}/stats`);
  expect(json).toMatchObject({
    attempts: 0,
    success_rate: null,
    latency_p50_ms: null,
    oldest_pending_at: null,
  });
});

test.each(['soon', '2026-01-01T00:00:00Z/2026-01-02T00:00:00Z'])(
  'statistics over %s are 422',
  async (timespan) => {
    const path = `${ENDPOINTS}/${endpoint.id}/stats?timespan=${encodeURIComponent(timespan)}`;
    expect((await gateway.ask('GET', path)).status).toBe(422);
  },
);

test('without a key it is 401, without the scope 403, unknown or of others 404', async () => {
  const eu = await aProvider(pool, { name: 'eu' });
  const reading = (await gateway.keyWith(['webhooks:read'])).apiKey;
  const writing = (await gateway.keyWith(['webhooks:write'])).apiKey;
  const limited = { providers: [eu.id] };
  const others = (await gateway.keyWith(['webhooks:read', 'webhooks:write'], limited)).apiKey;
  const { id } = await delivered('dead');
  const recovery = (await recover({ status: 'dead' })).json.id;
  const calls = [
    ['POST', (one: string) => `${DELIVERIES}/${one}/retry`, id, undefined, reading],
    ['POST', (one: string) => `${ENDPOINTS}/${one}/recover`, endpoint.id, { missed: true }, reading],
    ['GET', (one: string) => `${RECOVERIES}/${one}`, recovery, undefined, writing],
    ['GET', (one: string) => `${ENDPOINTS}/${one}/stats`, endpoint.id, undefined, writing],
  ] as const;
  for (const [method, path, one, body, tooLittle] of calls) {
    const ask = (key: string | null, target = one) => gateway.ask(method, path(target), { key, body });
    expect((await ask(null)).status).toBe(401);
    expect((await ask(tooLittle)).status).toBe(403);
    expect((await ask(others)).status).toBe(404);
    expect((await ask(gateway.adminKey, 'unknown')).status).toBe(404);
  }
});

test('a recovery that is stored and could not be counted is answered as one that runs', async () => {
  await pool.query(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$`,
  );
  await pool.query('CREATE TRIGGER refuse BEFORE UPDATE ON recovery FOR EACH ROW EXECUTE FUNCTION refuse()');
  try {
    const { status, json } = await recover({ missed: true });
    expect([status, json]).toEqual([202, expect.objectContaining({ status: 'running' })]);
    expect((await gateway.ask('GET', `${RECOVERIES}/${json.id}`)).status).toBe(200);
  } finally {
    await pool.query('DROP FUNCTION refuse() CASCADE');
  }
});
