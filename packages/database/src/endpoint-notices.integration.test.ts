import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { EndpointFailing } from '@socmate/contracts';
import { createIds, systemClock } from '@socmate/runtime';
import { aDelivery, anEndpoint, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createEndpointHealth, type EndpointHealth, FAILING_REASON } from './endpoint-health.ts';
import { createPool, type Pool, transaction } from './pool.ts';
import { createRecoveries } from './recoveries.ts';
import { createRecoverySteps } from './recovery-steps.ts';
import { createWebhookEndpoints } from './webhook-endpoints.ts';

const ids = createIds();
const subscribed = { event_types: ['endpoint-failing'] };
const HALF = '2 days 12 hours 1 second';
let database: TestDatabase;
let pool: Pool;
let health: EndpointHealth;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
  health = createEndpointHealth(pool, { ids, clock: systemClock });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('TRUNCATE webhook_endpoint, event, delivery_attempt, audit_log CASCADE'));

async function failing(since: string, columns: Record<string, unknown> = {}): Promise<string> {
  const { id } = await anEndpoint(pool, { name: 'soar', ...columns });
  await pool.query(
    `INSERT INTO endpoint_health (endpoint_id, failures, failing_since, last_failure_at)
     VALUES ($1, 9, now() - $2::interval, now())`,
    [id, since],
  );
  return id;
}

interface Told {
  readonly to: string;
  readonly data: EndpointFailing;
}

/** What was published, by whom it is for. */
async function told(): Promise<Told[]> {
  const { rows } = await pool.query(
    `SELECT d.endpoint_id, e.body FROM event AS e JOIN delivery AS d ON d.event_id = e.id
     WHERE e.type = 'endpoint-failing' ORDER BY e.id, d.endpoint_id`,
  );
  return rows.map((row) => ({
    to: row.endpoint_id,
    data: EndpointFailing.parse(JSON.parse(String(row.body)).data),
  }));
}

async function attempted(endpointId: string, status: string, outcome: string, statusCode: number | null) {
  const { id } = await aDelivery(pool, { endpoint_id: endpointId, status, attempts_count: 2 });
  for (const [number, at] of [
    [1, '2 minutes'],
    [2, '1 minute'],
  ]) {
    await pool.query(
      `INSERT INTO delivery_attempt (delivery_id, number, started_at, duration_ms, outcome, status_code, request_headers)
       VALUES ($1, $2, now() - $3::interval, 5, $4, $5, '{}')`,
      [id, number, at, number === 1 ? 'timeout' : outcome, number === 1 ? null : statusCode],
    );
  }
}

test('those that subscribe hear of an endpoint that fails, at half of the time and at its end', async () => {
  const id = await failing(HALF);
  const { id: fallback } = await anEndpoint(pool, subscribed);
  await anEndpoint(pool, { event_types: ['incident-alert'] });
  await health.judge();
  await health.judge();
  const [first, ...rest] = await told();
  expect(rest).toEqual([]);
  expect(first).toEqual({
    to: fallback,
    data: {
      endpoint: { id, name: 'soar', providers: null },
      failing_since: expect.any(String),
      percent: 50,
      disabled: false,
      reason: expect.stringContaining('half'),
      last_error: null,
    },
  });
  await pool.query(`UPDATE endpoint_health SET failing_since = now() - interval '5 days'`);
  await health.judge();
  await health.judge();
  expect(await told()).toMatchObject([
    first,
    { to: fallback, data: { percent: 100, disabled: true, reason: FAILING_REASON } },
  ]);
});

test.each([
  ['pending', 'http_error', 503, 'It answered 503.'],
  ['dead', 'tls_error', null, 'Its certificate or its TLS is not good.'],
])(
  'the notice has the error of the last attempt, of a %s delivery',
  async (status, code, answer, message) => {
    const id = await failing(HALF);
    await anEndpoint(pool, subscribed);
    await attempted(id, status, code, answer);
    await health.judge();
    expect((await told())[0]?.data.last_error).toEqual({ code, message });
  },
);

test('an endpoint that is disabled by its answer is told of with the reason, whether or not it had failed', async () => {
  const { id } = await anEndpoint(pool);
  const known = await failing('1 hour');
  await anEndpoint(pool, subscribed);
  for (const endpointId of [id, known]) {
    await health.disable(endpointId, 'the endpoint answered 410 Gone', 'sealed');
    await health.disable(endpointId, 'a later reason', 'sealed');
  }
  const gone = { percent: 100, disabled: true, reason: 'the endpoint answered 410 Gone', last_error: null };
  const notices = await told();
  expect(notices).toMatchObject([
    { data: { endpoint: { id }, ...gone } },
    { data: { endpoint: { id: known }, ...gone } },
  ]);
  const ages = notices.map(({ data }) => Date.now() - Date.parse(data.failing_since));
  expect(ages.map((age) => Math.round(age / 3_600_000))).toEqual([0, 1]);
});

test('an endpoint is never told of itself, and still has its notice published for others to recover', async () => {
  await failing('6 days', { event_types: ['endpoint-failing', 'incident-alert'] });
  await health.judge();
  expect(await told()).toEqual([]);
  expect((await pool.query('SELECT FROM event')).rowCount).toBe(1);
});

test('a notice commits with its audit entry, or neither does', async () => {
  const id = await failing('6 days');
  await anEndpoint(pool, subscribed);
  const broken = {
    next: (prefix: string) => (prefix === 'dlv' ? (null as unknown as string) : ids.next('evt')),
  };
  const breaking = createEndpointHealth(pool, { ids: broken as typeof ids, clock: systemClock });
  await expect(breaking.judge()).rejects.toThrow();
  await expect(breaking.disable(id, 'gone', 'sealed')).rejects.toThrow();
  expect((await pool.query('SELECT FROM audit_log')).rowCount).toBe(0);
  expect((await pool.query('SELECT enabled FROM webhook_endpoint WHERE id = $1', [id])).rows).toEqual([
    { enabled: true },
  ]);
});

test('an endpoint that is being changed is judged later, and nobody waits for another', async () => {
  const id = await failing('6 days');
  await transaction(pool, async (db) => {
    await createWebhookEndpoints(db).lock(id, undefined);
    expect(await health.judge()).toEqual([]);
  });
  expect(await health.judge()).toHaveLength(1);
});

test('a recovery brings the notices that an endpoint missed, but not those of itself', async () => {
  const itself = await failing('6 days', subscribed);
  await failing('6 days');
  const { id: late } = await anEndpoint(pool, { ...subscribed, enabled: false });
  await health.judge();
  const recovered = async (endpointId: string): Promise<number> => {
    const id = ids.next('rec');
    await transaction(pool, async (db) => {
      await createWebhookEndpoints(db).lock(endpointId, undefined);
      await createWebhookEndpoints(db).update(endpointId, { enabled: true });
      await createRecoveries(db).create({
        id,
        endpointId,
        mode: 'missed',
        since: undefined,
        createdBy: 'key_1',
      });
    });
    await createRecoveries(pool).begin(id);
    const step = await createRecoverySteps(pool, ids).step();
    return step?.released ?? 0;
  };
  expect(await recovered(late)).toBe(2);
  await recovered(itself);
  expect((await told()).filter(({ to, data }) => to === itself && data.endpoint.id === itself)).toEqual([]);
});
