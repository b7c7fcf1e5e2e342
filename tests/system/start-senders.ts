import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealContext } from '@socmate/contracts';
import { createSealer, createWebhookSecret, parseMasterKeys } from '@socmate/crypto';
import { migrate } from '@socmate/database';
import { type Part, startPostgres, startRedis, startService } from '@socmate/local';
import { Lifecycle } from '@socmate/runtime';
import { anEndpoint, requireEnv, until } from '@socmate/testing';
import pg from 'pg';

/** Notifiers as processes over stores of their own, all of which may be killed. */
export interface Senders {
  readonly database: pg.Pool;
  readonly postgres: Part;
  readonly redis: Part & { readonly dataFolder: string };
  readonly notifiers: readonly Part[];
  /** Answers the endpoint's id. */
  subscribe(url: string, columns?: Record<string, unknown>): Promise<string>;
  /** Events with one delivery each, in one transaction; answers the events' ids. */
  publish(endpointId: string, count: number): Promise<string[]>;
  /** Resolves when every delivery of the endpoint has succeeded and nobody holds one. */
  allDelivered(endpointId: string, timeoutMs?: number): Promise<unknown>;
  close(): Promise<void>;
}

const PUBLISH = `WITH made AS (
    INSERT INTO event (id, type, cause_key, body)
    SELECT $1 || '-' || $2 || '-' || n, 'incident-alert', $1 || '-' || $2 || '-' || n, convert_to(repeat('x', 500), 'UTF8')
    FROM generate_series(1, $3) AS n RETURNING id)
  INSERT INTO delivery (id, event_id, endpoint_id) SELECT 'dlv-' || id, id, $1 FROM made RETURNING event_id AS id`;

const WAITING = `SELECT count(*)::int AS n FROM delivery
  WHERE endpoint_id = $1 AND (status <> 'succeeded' OR lease_owner IS NOT NULL)`;

export function startSenders(replicas: number, env: Readonly<Record<string, string>> = {}): Promise<Senders> {
  return Lifecycle.start(async (life) => {
    const folder = mkdtempSync(join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), 'senders-'));
    life.use('folder', folder, () => rmSync(folder, { recursive: true, force: true }));
    const records = process.env['TEST_PROCESS_RECORDS'] ?? join(folder, 'processes');
    mkdirSync(records, { recursive: true });
    const stop = (part: Part): Promise<void> => part.stop();
    const postgres = await startPostgres({
      dataFolder: join(folder, 'postgres'),
      records,
      password: 'senders',
      databases: ['socmate'],
      isThrowaway: true,
      settings: ['shared_buffers=32MB'],
    });
    life.use('postgres', postgres, stop);
    const url = postgres.url('socmate');
    await migrate(url);
    const database = life.use('pool', new pg.Pool({ connectionString: url, max: 4 }), (p) => p.end());
    database.on('error', () => undefined);
    const server = requireEnv('TEST_REDIS_SERVER');
    const redis = await startRedis({ server, dataFolder: join(folder, 'redis'), records });
    life.use('redis', redis, stop);
    const masterKeys = `test:${randomBytes(32).toString('base64')}`;
    const given = {
      ...process.env,
      NODE_OPTIONS: '',
      LOG_LEVEL: 'warn',
      DATABASE_URL: url,
      REDIS_URL: redis.url,
      MASTER_KEYS: masterKeys,
      SHUTDOWN_GRACE_MS: '3000',
      WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
      WEBHOOK_ALLOWED_PORTS: '*',
      WEBHOOK_ALLOW_HTTP: 'true',
      WEBHOOK_RETRY_SCHEDULE: Array.from({ length: 20 }, () => '0.2').join(','),
      WEBHOOK_BREAKER_OPEN_MS: '50',
      ...env,
    };
    const onLine = (line: string): void => {
      if (process.env['TEST_SHOW_LOGS']) process.stderr.write(`${line}\n`);
    };
    const notifiers: Part[] = [];
    for (let n = 0; n < replicas; n += 1) {
      const notifier = await startService({ service: 'notifier', env: given, records, onLine });
      notifiers.push(life.use(`notifier ${n}`, notifier, stop));
    }
    const sealer = createSealer(parseMasterKeys(masterKeys));
    let published = 0;
    return {
      database,
      postgres,
      redis,
      notifiers,
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
      allDelivered: (endpointId, timeoutMs = 30_000) =>
        until(
          'every delivery has succeeded',
          async () => {
            // Postgres itself may just be away.
            const waiting = await database.query(WAITING, [endpointId]).catch(() => undefined);
            return waiting?.rows[0].n === 0;
          },
          { timeoutMs },
        ),
      close: () => life.close(),
    };
  });
}
