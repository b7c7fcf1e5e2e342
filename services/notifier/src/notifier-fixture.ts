import { randomBytes } from 'node:crypto';
import { sealContext } from '@socmate/contracts';
import { createSealer, createWebhookSecret, parseMasterKeys } from '@socmate/crypto';
import { createPool, type Ping, type Pool, publishPing, transaction } from '@socmate/database';
import { createIds, systemClock, type Worker } from '@socmate/runtime';
import { anEndpoint, cloneDatabase, testQueue, until } from '@socmate/testing';
import { Config } from './config.ts';
import { type Overrides, startNotifier } from './service.ts';

const MASTER_KEYS = `k1:${randomBytes(32).toString('base64')}`;
const ids = createIds();

/** An endpoint as a test gives it, in the clear. */
interface Given {
  readonly url: string;
  readonly secret?: string;
  readonly headers?: object;
  readonly auth?: object;
  readonly columns?: Record<string, unknown>;
}

/** A database of a test file's own, with endpoints, deliveries, and notifiers that start when the test says. */
export interface NotifierFixture {
  readonly pool: Pool;
  readonly sealer: ReturnType<typeof createSealer>;
  /** Allows targets on this machine, over http, on any port, unless the environment says otherwise. */
  start(env?: Readonly<Record<string, string>>, overrides?: Overrides): Promise<void>;
  subscribe(given: Given): Promise<string>;
  publish(endpointId: string): Promise<Ping>;
  /** Resolves with the delivery's id when it has succeeded. */
  deliver(endpointId: string): Promise<string>;
  ended(deliveryId: string, status?: string): Promise<void>;
  attemptsOf(deliveryId: string): Promise<Record<string, unknown>[]>;
  /** Ends what was started, and forgets what was subscribed and published. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const configOf = (url: string, env: Readonly<Record<string, string>>): Config => {
  const queue = testQueue();
  return Config.parse({
    LOG_LEVEL: 'silent',
    DATABASE_URL: url,
    REDIS_URL: queue.url,
    QUEUE_PREFIX: queue.prefix,
    MASTER_KEYS,
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOWED_PORTS: '*',
    WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
    WEBHOOK_RETRY_SCHEDULE: '0.05,0.05',
    SHUTDOWN_GRACE_MS: '5000',
    ...env,
  });
};

const sealJson = (sealer: NotifierFixture['sealer'], value: object | undefined, context: string) =>
  value === undefined ? null : sealer.seal(JSON.stringify(value), context);

function openRows(pool: Pool, sealer: NotifierFixture['sealer']) {
  const publish: NotifierFixture['publish'] = (endpointId) =>
    transaction(pool, (db) => publishPing(db, { ids, clock: systemClock }, endpointId, undefined));
  const ended: NotifierFixture['ended'] = async (id, status = 'succeeded') => {
    await until(`delivery is ${status}`, async () => {
      const { rows } = await pool.query('SELECT status FROM delivery WHERE id = $1', [id]);
      return rows[0]?.status === status;
    });
  };
  const subscribe: NotifierFixture['subscribe'] = async (given) => {
    const id = ids.next('whe');
    const { url, secret = createWebhookSecret(), headers, auth, columns } = given;
    await anEndpoint(pool, {
      id,
      url_sealed: sealer.seal(url, sealContext.webhookUrl(id)),
      secret_sealed: sealer.seal(secret, sealContext.webhookSecret(id)),
      headers_sealed: sealJson(sealer, headers, sealContext.webhookHeaders(id)),
      auth_sealed: sealJson(sealer, auth, sealContext.webhookAuth(id)),
      ...columns,
    });
    return id;
  };
  const deliver = async (endpointId: string): Promise<string> => {
    const { deliveryId } = await publish(endpointId);
    await ended(deliveryId);
    return deliveryId;
  };
  return { publish, ended, subscribe, deliver };
}

export async function openNotifierFixture(): Promise<NotifierFixture> {
  const database = await cloneDatabase();
  const pool = createPool(database.url, { size: 4, name: 'test' });
  const sealer = createSealer(parseMasterKeys(MASTER_KEYS));
  const started: Worker[] = [];
  return {
    pool,
    sealer,
    ...openRows(pool, sealer),
    start: async (env = {}, overrides = {}) =>
      void started.push(await startNotifier(configOf(database.url, env), overrides)),
    attemptsOf: async (id) => {
      const text = 'SELECT * FROM delivery_attempt WHERE delivery_id = $1 ORDER BY number';
      return (await pool.query(text, [id])).rows;
    },
    reset: async () => {
      await Promise.all(started.splice(0).map((notifier) => notifier.close()));
      await pool.query('TRUNCATE webhook_endpoint, event, delivery_attempt, worker_lease CASCADE');
    },
    close: async () => {
      await pool.end();
      await database.drop();
    },
  };
}
