import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sealContext } from '@socmate/contracts';
import { createSealer, createWebhookSecret, parseMasterKeys } from '@socmate/crypto';
import { type Part, startRedis, startService } from '@socmate/local';
import { Lifecycle } from '@socmate/runtime';
import { anEndpoint, cloneDatabase, requireEnv, until } from '@socmate/testing';
import pg from 'pg';
import { parentOf } from '../process-usage.ts';
import { countedUrl, resetStatementCounts } from '../statement-counts.ts';
import { type BenchProcess, startBenchProcess } from './bench-process.ts';
import type { Published, PublisherQuestion } from './publisher-process.ts';
import type { Arrivals, ReceiverAnswer, ReceiverMode, ReceiverQuestion } from './receiver-process.ts';

export const NOTIFIER_ROLE = 'bench_notifier';
export const PUBLISHER_ROLE = 'bench_publisher';
export const IN_FLIGHT = 16;

export interface BenchEndpoint {
  readonly id: string;
  readonly path: string;
}

export interface NotifierSystem {
  readonly database: pg.Pool;
  readonly redisUrl: string;
  readonly receiverUrl: string;
  readonly pids: Readonly<Record<'postgres' | 'redis', number>>;
  readonly notifiers: readonly Part[];
  startNotifier(): Promise<Part>;
  addEndpoint(mode?: ReceiverMode): Promise<BenchEndpoint>;
  publish(question: PublisherQuestion): Promise<Published>;
  /** Different events that came to endpoints which answer, at each of them. */
  arrived(): Promise<number>;
  arrivals(endpoint: BenchEndpoint): Promise<Arrivals>;
  /** Resolves when so many have come and all of them are stored as delivered. */
  allDelivered(count: number): Promise<void>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 300_000;
const SETTLED_WITHIN_MS = 10_000;
const UNSETTLED = `SELECT count(*)::int AS n FROM delivery JOIN webhook_endpoint AS e ON e.id = endpoint_id
  WHERE status = 'pending' AND e.description <> 'hang'`;

/** Notifiers as processes with production's defaults; a publisher and a receiver as processes beside them. */
export function startNotifierSystem(): Promise<NotifierSystem> {
  return Lifecycle.start(async (life) => {
    const records = requireEnv('TEST_PROCESS_RECORDS');
    const folder = life.use('folder', mkdtempSync(join(requireEnv('TEST_RUN_FOLDER'), 'notifier-')), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const cloned = life.use('database', await cloneDatabase(), (database) => database.drop());
    const options = { connectionString: cloned.url, max: 2 };
    const database = life.use('pool', new pg.Pool(options), (pool) => pool.end());
    await resetStatementCounts(database);
    const server = requireEnv('TEST_REDIS_SERVER');
    const redis = await startRedis({ server, dataFolder: join(folder, 'redis'), records });
    life.use('redis', redis, (part) => part.stop());
    const masterKeys = `bench:${randomBytes(32).toString('base64')}`;
    const env = serviceEnv(redis.url, masterKeys);
    const ofPublisher = { ...env, DATABASE_URL: await countedUrl(database, cloned.url, PUBLISHER_ROLE) };
    const ofNotifier = { ...env, DATABASE_URL: await countedUrl(database, cloned.url, NOTIFIER_ROLE) };
    const { receiver, publisher } = await startEnds(life, ofPublisher);
    const { url: receiverUrl } = await receiver.ask({});
    const notifiers: Part[] = [];
    return {
      database,
      redisUrl: redis.url,
      receiverUrl,
      pids: { redis: redis.pid, postgres: await postmaster(database) },
      notifiers,
      startNotifier: async () => {
        const name = `notifier ${notifiers.length + 1}`;
        const notifier = await startService({ service: 'notifier', name, env: ofNotifier, records });
        notifiers.push(life.use(name, notifier, (part) => part.stop()));
        return notifier;
      },
      addEndpoint: (mode = 'ok') => addEndpoint(database, { receiverUrl, masterKeys, mode }),
      publish: (question) => publisher.ask(question),
      ...readings(database, receiver),
      close: () => life.close(),
    };
  });
}

type ReceiverProcess = BenchProcess<ReceiverQuestion, ReceiverAnswer>;

async function startEnds(life: Lifecycle, ofPublisher: NodeJS.ProcessEnv) {
  const receiver: ReceiverProcess = await startBenchProcess('receiver-process.ts');
  life.use('receiver', receiver, (process) => process.stop());
  const publisher: BenchProcess<PublisherQuestion, Published> = await startBenchProcess(
    'publisher-process.ts',
    ofPublisher,
  );
  return { receiver, publisher: life.use('publisher', publisher, (process) => process.stop()) };
}

function readings(database: pg.Pool, receiver: ReceiverProcess) {
  const arrived = async (): Promise<number> => (await receiver.ask({})).count;
  return {
    arrived,
    arrivals: async ({ path }: BenchEndpoint): Promise<Arrivals> => (await receiver.ask({ path })).arrivals,
    allDelivered: async (count: number): Promise<void> => {
      const haveCome = async (): Promise<boolean> => (await arrived()) >= count;
      await until(`${count} have come`, haveCome, { timeoutMs: TIMEOUT_MS, everyMs: 50 });
      const areSettled = async (): Promise<boolean> => (await database.query(UNSETTLED)).rows[0].n === 0;
      await until('all are stored', areSettled, { timeoutMs: SETTLED_WITHIN_MS, everyMs: 50 });
    },
  };
}

const serviceEnv = (redisUrl: string, masterKeys: string): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_OPTIONS: '',
  LOG_LEVEL: 'info',
  REDIS_URL: redisUrl,
  QUEUE_PREFIX: '{bench}',
  MASTER_KEYS: masterKeys,
  WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
  WEBHOOK_ALLOWED_PORTS: '*',
  WEBHOOK_ALLOW_HTTP: 'true',
});

interface EndpointSettings {
  readonly receiverUrl: string;
  readonly masterKeys: string;
  readonly mode: ReceiverMode;
}

async function addEndpoint(database: pg.Pool, settings: EndpointSettings): Promise<BenchEndpoint> {
  const { receiverUrl, masterKeys, mode } = settings;
  const sealer = createSealer(parseMasterKeys(masterKeys));
  const id = `whe_${randomBytes(8).toString('hex')}`;
  const path = `/${id}/${mode}`;
  await anEndpoint(database, {
    id,
    description: mode,
    url_sealed: sealer.seal(receiverUrl + path, sealContext.webhookUrl(id)),
    secret_sealed: sealer.seal(createWebhookSecret(), sealContext.webhookSecret(id)),
    max_in_flight: IN_FLIGHT,
  });
  return { id, path };
}

async function postmaster(database: pg.Pool): Promise<number> {
  const { rows } = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return parentOf(rows[0]?.pid ?? 0) ?? 0;
}
