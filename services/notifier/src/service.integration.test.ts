import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { deliverWebhook, sealContext } from '@socmate/contracts';
import { createSealer, createWebhookSecret, parseMasterKeys } from '@socmate/crypto';
import { createPool, type Pool, publishPing, transaction } from '@socmate/database';
import { startProducer } from '@socmate/queue';
import { createIds, systemClock, type Worker } from '@socmate/runtime';
import {
  type Answering,
  anEndpoint,
  cloneDatabase,
  type Received,
  type Receiver,
  startReceiver,
  type TestDatabase,
  testQueue,
  until,
} from '@socmate/testing';
import { Webhook } from 'standardwebhooks';
import { Config } from './config.ts';
import { type Overrides, startNotifier } from './service.ts';

const MASTER_KEYS = `k1:${randomBytes(32).toString('base64')}`;
const sealer = createSealer(parseMasterKeys(MASTER_KEYS));
const ids = createIds();

let database: TestDatabase;
let pool: Pool;
let queue: ReturnType<typeof testQueue>;
let notifiers: Worker[] = [];
let receiver: Receiver;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => {
  queue = testQueue();
});
afterEach(async () => {
  await Promise.all(notifiers.splice(0).map((notifier) => notifier.close()));
  await receiver?.close();
  await pool.query('TRUNCATE webhook_endpoint, event, delivery_attempt, worker_lease CASCADE');
});

async function start(env: Record<string, string> = {}, overrides: Overrides = {}): Promise<Worker> {
  const config = Config.parse({
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    REDIS_URL: queue.url,
    QUEUE_PREFIX: queue.prefix,
    MASTER_KEYS,
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOWED_PORTS: '*',
    WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
    WEBHOOK_RETRY_SCHEDULE: '0.05,0.05,0.05',
    SHUTDOWN_GRACE_MS: '5000',
    ...env,
  });
  const notifier = await startNotifier(config, overrides);
  notifiers.push(notifier);
  return notifier;
}

async function subscribe(
  only: { url?: string; secret?: string } & Record<string, unknown> = {},
): Promise<string> {
  const id = ids.next('whe');
  const { url = `${receiver.url}/hook?sig=abc`, secret = createWebhookSecret(), ...columns } = only;
  const urlSealed = sealer.seal(url, sealContext.webhookUrl(id));
  const secretSealed = sealer.seal(secret, sealContext.webhookSecret(id));
  await anEndpoint(pool, { id, url_sealed: urlSealed, secret_sealed: secretSealed, ...columns });
  return id;
}

const publish = (endpointId: string): Promise<{ eventId: string; deliveryId: string }> =>
  transaction(pool, (db) => publishPing(db, { ids, clock: systemClock }, endpointId, undefined));

const receive = async (answer?: (request: Received, index: number) => Answering): Promise<void> => {
  receiver = await startReceiver(answer);
};

async function deliveryOf(id: string): Promise<Record<string, unknown>> {
  const { rows } = await pool.query('SELECT * FROM delivery WHERE id = $1', [id]);
  return rows[0] as Record<string, unknown>;
}

const ended = (id: string, status: string): Promise<Record<string, unknown>> =>
  until(`delivery is ${status}`, async () => {
    const delivery = await deliveryOf(id);
    return delivery['status'] === status && delivery['lease_owner'] === null ? delivery : undefined;
  });

const attemptsOf = async (id: string): Promise<Record<string, unknown>[]> =>
  (await pool.query('SELECT * FROM delivery_attempt WHERE delivery_id = $1 ORDER BY number', [id])).rows;
const outcomesOf = async (id: string) => (await attemptsOf(id)).map((attempt) => attempt['outcome']);

test('a delivery arrives signed as Standard Webhooks says, and its attempt is kept', async () => {
  await receive(() => ({ status: 200, headers: { 'x-answer': 'yes' }, body: 'thanks' }));
  const secret = createWebhookSecret();
  const endpointId = await subscribe({ secret });
  const { eventId, deliveryId } = await publish(endpointId);
  await start();
  await ended(deliveryId, 'succeeded');
  const [request] = receiver.requests;
  expect(request).toMatchObject({
    path: '/hook?sig=abc',
    headers: { 'webhook-id': eventId, 'user-agent': 'SoCMate-Webhooks/1' },
  });
  const verified = new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>);
  expect(verified).toMatchObject({ id: eventId, type: 'ping' });
  expect(await attemptsOf(deliveryId)).toMatchObject([
    {
      number: 1,
      outcome: 'success',
      status_code: 200,
      response_body: 'thanks',
      response_headers: { 'x-answer': 'yes' },
    },
  ]);
});

test('a failed delivery is retried under the same id with the same body, and each attempt is kept', async () => {
  await receive((_request, index) => ({ status: index < 2 ? 500 : 204 }));
  const { deliveryId } = await publish(await subscribe());
  await start();
  expect(await ended(deliveryId, 'succeeded')).toMatchObject({ attempts_count: 3 });
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(receiver.requests.map(({ body }) => body)).size).toBe(1);
  expect(await outcomesOf(deliveryId)).toEqual(['http_error', 'http_error', 'success']);
});

test('a delivery that fails to the end of its schedule is dead, and nothing more is sent', async () => {
  await receive(() => ({ status: 503 }));
  const { deliveryId } = await publish(await subscribe());
  await start();
  expect(await ended(deliveryId, 'dead')).toMatchObject({ attempts_count: 4 });
  expect(receiver.requests).toHaveLength(4);
});

test.each([
  ['hang', 'timeout'],
  ['drip', 'timeout'],
  ['reset', 'connection_error'],
  ['garbage', 'response_error'],
] as const)('a subscriber that answers by %s is a %s and is tried again', async (how, outcome) => {
  let isMended = false;
  await receive(() => (isMended ? { status: 204 } : how));
  const { deliveryId } = await publish(await subscribe({ timeout_ms: 1_000 }));
  await start();
  await until('it was tried', async () => (await attemptsOf(deliveryId)).length > 0);
  isMended = true;
  await ended(deliveryId, 'succeeded');
  expect(await outcomesOf(deliveryId)).toEqual([outcome, 'success']);
});

test('a subscriber that hangs holds up nobody else', async () => {
  await receive((request) => (request.path === '/hang' ? 'hang' : { status: 204 }));
  const hanging = await subscribe({ url: `${receiver.url}/hang`, timeout_ms: 30_000, max_in_flight: 5 });
  const healthy = await subscribe({ url: `${receiver.url}/ok` });
  for (let n = 0; n < 50; n += 1) await publish(hanging);
  const due = await Promise.all(Array.from({ length: 50 }, () => publish(healthy)));
  await start({ SHUTDOWN_GRACE_MS: '0' });
  for (const { deliveryId } of due) await ended(deliveryId, 'succeeded');
  expect(receiver.requests.filter(({ path }) => path === '/hang')).toHaveLength(5);
});

test('410 Gone disables the endpoint, and its deliveries wait for it', async () => {
  await receive(() => ({ status: 410 }));
  const endpointId = await subscribe();
  const { deliveryId } = await publish(endpointId);
  await start();
  await until('the endpoint is disabled', async () => {
    const { rows } = await pool.query('SELECT enabled, disabled_reason FROM webhook_endpoint WHERE id = $1', [
      endpointId,
    ]);
    return rows[0].enabled === false && rows[0].disabled_reason;
  });
  await until('the delivery is free', async () => (await deliveryOf(deliveryId))['lease_owner'] === null);
  expect(await deliveryOf(deliveryId)).toMatchObject({ status: 'pending', attempts_count: 1 });
});

test('a URL that the policy refuses is never called, at the literal or at the dial', async () => {
  await receive();
  const literal = await publish(await subscribe({ url: `${receiver.url}/` }));
  const named = await publish(
    await subscribe({ url: receiver.url.replace('http://127.0.0.1', 'https://localhost.localdomain') }),
  );
  await start({ WEBHOOK_ALLOWED_CIDRS: '', WEBHOOK_RETRY_SCHEDULE: '60' });
  for (const { deliveryId } of [literal, named]) {
    await until('it was attempted', async () => (await attemptsOf(deliveryId)).length === 1);
  }
  expect((await attemptsOf(literal.deliveryId))[0]).toMatchObject({
    outcome: 'blocked_target',
    status_code: null,
  });
  expect(receiver.requests).toHaveLength(0);
});

test('what a dead notifier held is sent by another at once', async () => {
  await receive();
  const { deliveryId } = await publish(await subscribe());
  await pool.query(`UPDATE delivery SET lease_owner = 'wrk_dead'`);
  await pool.query(
    `INSERT INTO worker_lease (owner, service, heartbeat_at) VALUES ('wrk_dead', 'notifier', now() - interval '2 seconds')`,
  );
  await start();
  expect(await ended(deliveryId, 'succeeded')).toMatchObject({ attempts_count: 1 });
});

test('what a living notifier holds is left to it', async () => {
  await receive();
  const endpointId = await subscribe();
  const held = await publish(endpointId);
  await pool.query(`UPDATE delivery SET lease_owner = 'wrk_alive'`);
  await pool.query(
    `INSERT INTO worker_lease (owner, service, heartbeat_at) VALUES ('wrk_alive', 'notifier', now() + interval '1 hour')`,
  );
  const free = await publish(endpointId);
  await start();
  await ended(free.deliveryId, 'succeeded');
  expect(receiver.requests).toHaveLength(1);
  expect(await deliveryOf(held.deliveryId)).toMatchObject({ status: 'pending', lease_owner: 'wrk_alive' });
});

test('two notifiers send each delivery once', async () => {
  await receive();
  const endpointId = await subscribe();
  const published = [];
  for (let n = 0; n < 200; n += 1) published.push(await publish(endpointId));
  await Promise.all([start(), start()]);
  for (const { deliveryId } of published) await ended(deliveryId, 'succeeded');
  expect(receiver.requests).toHaveLength(200);
  expect(receiver.accepted.size).toBe(200);
});

test('closing gives back what was not sent and stores what was answered', async () => {
  await receive(() => 'hang');
  const endpointId = await subscribe({ timeout_ms: 30_000, max_in_flight: 2 });
  const published = await Promise.all(Array.from({ length: 20 }, () => publish(endpointId)));
  const notifier = await start({ SHUTDOWN_GRACE_MS: '100' });
  await until('two are in flight', () => receiver.requests.length === 2);
  await notifier.close();
  notifiers = [];
  for (const { deliveryId } of published) {
    expect(await deliveryOf(deliveryId)).toMatchObject({
      status: 'pending',
      lease_owner: null,
      attempts_count: 0,
    });
  }
  expect((await pool.query('SELECT FROM worker_lease')).rowCount).toBe(0);
});

test('an endpoint whose secret cannot be opened spends no attempt and holds up nobody', async () => {
  await receive();
  const broken = await publish(await subscribe({ secret_sealed: 'v1.unknown.AA.AA' }));
  const healthy = await publish(await subscribe());
  await start();
  await ended(healthy.deliveryId, 'succeeded');
  await until('it was given back', async () => (await deliveryOf(broken.deliveryId))['lease_owner'] === null);
  expect(await deliveryOf(broken.deliveryId)).toMatchObject({ status: 'pending', attempts_count: 0 });
});

test('a changed URL is used from the next delivery on', async () => {
  await receive();
  const endpointId = await subscribe();
  const first = await publish(endpointId);
  await start();
  await ended(first.deliveryId, 'succeeded');
  const moved = sealer.seal(`${receiver.url}/moved`, sealContext.webhookUrl(endpointId));
  await pool.query('UPDATE webhook_endpoint SET url_sealed = $2 WHERE id = $1', [endpointId, moved]);
  const second = await publish(endpointId);
  await ended(second.deliveryId, 'succeeded');
  expect(receiver.requests.map(({ path }) => path)).toEqual(['/hook?sig=abc', '/moved']);
});

test('a wake-up brings a delivery at once; a doubled one and one for a row that is gone do no harm', async () => {
  await receive();
  const endpointId = await subscribe();
  await start();
  const producer = startProducer(deliverWebhook, queue);
  const { deliveryId } = await publish(endpointId);
  await until('redis answers', () =>
    producer.add({ endpointIds: [endpointId, 'whe_gone'] }).then(
      () => true,
      () => false,
    ),
  );
  await producer.add({ endpointIds: [endpointId] });
  await ended(deliveryId, 'succeeded');
  await producer.close();
  expect(receiver.requests).toHaveLength(1);
});

test('deliveries go on while Redis is away', async () => {
  await receive();
  const { deliveryId } = await publish(await subscribe());
  await start({ REDIS_URL: 'redis://127.0.0.1:1' });
  expect(await ended(deliveryId, 'succeeded')).toMatchObject({ attempts_count: 1 });
});

test('retention goes by the clock of Postgres: a machine that is years ahead drops nothing young', async () => {
  await pool.query(`SELECT ensure_month_partitions('audit_log', 'at', '2001-01-01', 1)`);
  await pool.query(`INSERT INTO event (id, type, cause_key, body, created_at) VALUES
    ('evt_past', 'ping', 'past', '', now() - interval '91 days'), ('evt_young', 'ping', 'young', '', now())`);
  const kept = async (): Promise<string[]> => {
    const { rows } = await pool.query(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_log'::regclass
       UNION ALL SELECT id FROM event ORDER BY name`,
    );
    return rows.map(({ name }) => name as string);
  };
  const past = ['audit_log_2001_01', 'evt_past'];
  const young = (await kept()).filter((name) => !past.includes(name));
  await start({}, { clock: { now: () => new Date('2099-01-01T00:00:00Z') } });
  await until('the old ones are gone', async () => !(await kept()).some((name) => past.includes(name)));
  expect(await kept()).toEqual(young);
});
