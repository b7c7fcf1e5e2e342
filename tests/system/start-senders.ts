import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deliverWebhook, sealContext } from '@socmate/contracts';
import { createSealer, createWebhookSecret, parseMasterKeys } from '@socmate/crypto';
import { migrate } from '@socmate/database';
import { type Part, startPostgres, startRedis, startService } from '@socmate/local';
import { startProducer } from '@socmate/queue';
import { Lifecycle } from '@socmate/runtime';
import { anEndpoint, requireEnv, until } from '@socmate/testing';
import pg from 'pg';
import { openRunFolder } from './open-run-folder.ts';
import { watchHeartbeats } from './watch-heartbeats.ts';

/** Notifiers as processes over stores of their own, all of which may be killed. */
export interface Senders {
  readonly database: pg.Pool;
  readonly postgres: Part;
  readonly redis: Part & { readonly dataFolder: string };
  readonly notifiers: readonly Part[];
  /** Answers the endpoint's id. */
  subscribe(url: string, columns?: Record<string, unknown>): Promise<string>;
  /** Events with one delivery each, in one transaction and without a wake-up; answers the events' ids. */
  publish(endpointId: string, count: number): Promise<string[]>;
  /** Adds the job that says that the endpoint has work. */
  wakeUp(endpointId: string): Promise<void>;
  /** Kills every notifier, and resolves when Postgres too is done with what they had asked of it. */
  killNotifiers(): Promise<void>;
  restartNotifiers(): Promise<void>;
  /** The Postgres processes that wait for a lock on the table with a statement that has these words early on. */
  waitingFor(table: string, words: string): Promise<number[]>;
  /** Locks a table until it is released. */
  lock(table: string, mode: 'SHARE' | 'ACCESS EXCLUSIVE'): Promise<() => Promise<void>>;
  /** Lets go on what was stopped, and starts what is not running. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

export interface SendersOptions {
  readonly replicas: number;
  /** By how many hours each notifier's clock is off, one after the other, from one SIGUSR2 to the next. */
  readonly clockJumpsH: readonly number[];
}

const PUBLISH = `WITH made AS (
    INSERT INTO event (id, type, cause_key, body)
    SELECT $1 || '-' || $2 || '-' || n, 'incident-alert', $1 || '-' || $2 || '-' || n, convert_to(repeat('x', 500), 'UTF8')
    FROM generate_series(1, $3) AS n RETURNING id)
  INSERT INTO delivery (id, event_id, endpoint_id) SELECT 'dlv-' || id, id, $1 FROM made RETURNING event_id AS id`;

const AT_WORK = `SELECT FROM pg_stat_activity WHERE application_name = 'socmate-notifier'`;
const WAITING = `SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE relation = $1::regclass AND NOT granted AND strpos(query, $2) > 0`;

const clockModule = fileURLToPath(new URL('jumping-clock.ts', import.meta.url));
const stop = (part: Part): Promise<void> => part.stop();
const onLine = (line: string): void => {
  if (process.env['TEST_SHOW_LOGS']) process.stderr.write(`${line}\n`);
};

async function startStores(life: Lifecycle, { folder, records }: ReturnType<typeof openRunFolder>) {
  const postgres = await startPostgres({
    dataFolder: join(folder, 'postgres'),
    records,
    password: 'senders',
    databases: ['socmate'],
    isThrowaway: true,
    settings: ['shared_buffers=32MB'],
  });
  // It may be outside of the folder.
  life.use('data', postgres.dataFolder, (data) => rmSync(data, { recursive: true, force: true }));
  life.use('postgres', postgres, stop);
  const url = postgres.url('socmate');
  await migrate(url);
  const database = life.use('pool', new pg.Pool({ connectionString: url, max: 4 }), (pool) => pool.end());
  database.on('error', () => undefined);
  await watchHeartbeats(database);
  const server = requireEnv('TEST_REDIS_SERVER');
  const redis = await startRedis({ server, dataFolder: join(folder, 'redis'), records });
  life.use('redis', redis, stop);
  return { url, postgres, database, redis };
}

const environment = (urls: { database: string; redis: string }, masterKeys: string, jumpsH: string) => ({
  ...process.env,
  NODE_OPTIONS: `--import=${clockModule}`,
  CLOCK_JUMPS_H: jumpsH,
  LOG_LEVEL: 'warn',
  DATABASE_URL: urls.database,
  REDIS_URL: urls.redis,
  QUEUE_PREFIX: '{senders}',
  MASTER_KEYS: masterKeys,
  SHUTDOWN_GRACE_MS: '3000',
  WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
  WEBHOOK_ALLOWED_PORTS: '*',
  WEBHOOK_ALLOW_HTTP: 'true',
  WEBHOOK_RETRY_SCHEDULE: Array.from({ length: 20 }, () => '0.2').join(','),
  WEBHOOK_BREAKER_OPEN_MS: '50',
});

function openPublisher(database: pg.Pool, masterKeys: string): Pick<Senders, 'subscribe' | 'publish'> {
  const sealer = createSealer(parseMasterKeys(masterKeys));
  let published = 0;
  return {
    subscribe: async (target, columns = {}) => {
      const id = `whe_${randomBytes(6).toString('hex')}`;
      await anEndpoint(database, {
        id,
        url_sealed: sealer.seal(target, sealContext.webhookUrl(id)),
        secret_sealed: sealer.seal(createWebhookSecret(), sealContext.webhookSecret(id)),
        ...columns,
      });
      return id;
    },
    publish: async (endpointId, count) => {
      published += 1;
      const { rows } = await database.query<{ id: string }>(PUBLISH, [endpointId, published, count]);
      return rows.map(({ id }) => id);
    },
  };
}

const openLocks = (database: pg.Pool): Pick<Senders, 'lock' | 'waitingFor'> => ({
  waitingFor: async (table, words) =>
    (await database.query<{ pid: number }>(WAITING, [table, words])).rows.map(({ pid }) => pid),
  lock: async (table, mode) => {
    const client = await database.connect();
    await client.query(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE`);
    let isHeld = true;
    return async () => {
      if (!isHeld) return;
      isHeld = false;
      await client.query('ROLLBACK').finally(() => client.release());
    };
  },
});

export function startSenders({ replicas, clockJumpsH }: SendersOptions): Promise<Senders> {
  return Lifecycle.start(async (life) => {
    const run = openRunFolder(life, 'senders');
    const { url, postgres, database, redis } = await startStores(life, run);
    const masterKeys = `test:${randomBytes(32).toString('base64')}`;
    const env = environment({ database: url, redis: redis.url }, masterKeys, clockJumpsH.join(','));
    const notifiers: Part[] = [];
    for (let n = 0; n < replicas; n += 1) {
      const notifier = await startService({ service: 'notifier', env, records: run.records, onLine });
      notifiers.push(life.use(`notifier ${n}`, notifier, stop));
    }
    const connection = { url: redis.url, prefix: env.QUEUE_PREFIX };
    const jobs = life.use('jobs', startProducer(deliverWebhook, connection), (producer) => producer.close());
    return {
      database,
      postgres,
      redis,
      notifiers,
      ...openPublisher(database, masterKeys),
      ...openLocks(database),
      wakeUp: (endpointId) => jobs.add({ endpointIds: [endpointId] }),
      killNotifiers: async () => {
        await Promise.all(notifiers.map((notifier) => notifier.kill('SIGKILL')));
        await until('they are gone', async () => (await database.query(AT_WORK)).rowCount === 0, LONG);
      },
      restartNotifiers: async () => {
        await Promise.all(notifiers.map((notifier) => notifier.restart()));
      },
      heal: async () => {
        for (const part of [postgres, redis, ...notifiers]) {
          if (part.isRunning) process.kill(part.pid, 'SIGCONT');
          else await part.restart();
        }
      },
      close: () => {
        // What is stopped would neither answer nor end.
        for (const part of [redis, ...notifiers]) if (part.isRunning) process.kill(part.pid, 'SIGCONT');
        return life.close();
      },
    };
  });
}

/** What a busy machine may need. */
export const LONG = { timeoutMs: 60_000 };
