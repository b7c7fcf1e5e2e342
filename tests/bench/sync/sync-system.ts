import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createApiKey } from '@socmate/crypto';
import { type Part, startRedis, startService, startSimulator } from '@socmate/local';
import { Lifecycle } from '@socmate/runtime';
import { cloneDatabase, type Receiver, requireEnv, startReceiver } from '@socmate/testing';
import pg from 'pg';
import { type Api, openApi } from '../../system/api.ts';
import {
  openSimulatedTenant,
  type SimulatedTenant,
  type SimulatedWorkspace,
} from '../../system/simulated-tenant.ts';
import { parentOf } from '../process-usage.ts';
import { countedUrl } from '../statement-counts.ts';

export interface SyncSystem {
  readonly database: pg.Pool;
  readonly tenant: SimulatedTenant;
  readonly controlUrl: string;
  /** Process ids by what they are. */
  readonly pids: Readonly<Record<string, number>>;
  /** Subscribed to every alert. */
  readonly receiver: Receiver;
  /** Connects a workspace, whose first sync begins at once, with alerts for what was there before. */
  connect(workspace: SimulatedWorkspace): Promise<string>;
  close(): Promise<void>;
}

export interface SyncSystemOptions {
  readonly latency: 'none' | 'azure';
  readonly hasNotifier: boolean;
}

/** The role whose statements are those of sentinel-sync. */
export const SYNC_ROLE = 'bench_sync';

/** Gateway, sentinel-sync and, where wanted, notifier as processes with production's defaults, and what they need. */
export function startSyncSystem(options: SyncSystemOptions): Promise<SyncSystem> {
  return Lifecycle.start(async (life) => {
    const records = requireEnv('TEST_PROCESS_RECORDS');
    const stop = (part: Part): Promise<void> => part.stop();
    const folder = life.use('folder', mkdtempSync(join(requireEnv('TEST_RUN_FOLDER'), 'sync-')), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const cloned = life.use('database', await cloneDatabase(), (database) => database.drop());
    const database = life.use('pool', new pg.Pool({ connectionString: cloned.url, max: 2 }), (pool) =>
      pool.end(),
    );
    const server = requireEnv('TEST_REDIS_SERVER');
    const redis = await startRedis({ server, dataFolder: join(folder, 'redis'), records });
    life.use('redis', redis, stop);
    const simulator = await startSimulator({
      dataFolder: join(folder, 'azure'),
      records,
      flags: [`--latency=${options.latency}`],
    });
    life.use('simulator', simulator, stop);
    const { apiKey } = createApiKey();
    const env = {
      ...serviceEnv(),
      DATABASE_URL: cloned.url,
      REDIS_URL: redis.url,
      BOOTSTRAP_ADMIN_KEY: apiKey,
      AZURE_AUTHORITY_HOST: simulator.url,
      AZURE_RESOURCE_MANAGER_URL: simulator.url,
      NODE_EXTRA_CA_CERTS: simulator.caFile,
    };
    const gateway = life.use('gateway', await startService({ service: 'gateway', env, records }), stop);
    const counted = { ...env, DATABASE_URL: await countedUrl(database, cloned.url, SYNC_ROLE) };
    const sync = await startService({ service: 'sentinel-sync', env: counted, records });
    life.use('sentinel-sync', sync, stop);
    const notifier = options.hasNotifier
      ? life.use('notifier', await startService({ service: 'notifier', env, records }), stop)
      : undefined;
    const api = openApi(gateway.url, apiKey);
    const receiver = life.use('receiver', await startReceiver(), (r) => r.close());
    await subscribe(api, `${receiver.url}/hook`);
    return {
      database,
      receiver,
      tenant: openSimulatedTenant(simulator.controlUrl),
      controlUrl: simulator.controlUrl,
      pids: {
        sentinel_sync: sync.pid,
        simulator: simulator.pid,
        postgres: await postmaster(database),
        redis: redis.pid,
        ...(notifier && { notifier: notifier.pid }),
      },
      connect: (workspace) => connect(api, workspace),
      close: () => life.close(),
    };
  });
}

const serviceEnv = (): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_OPTIONS: '',
  LOG_LEVEL: 'info',
  MASTER_KEYS: `bench:${randomBytes(32).toString('base64')}`,
  BOOTSTRAP_RATE_LIMIT_PER_MINUTE: '1000000',
  PUBLIC_URL: 'https://socmate.example',
  WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
  WEBHOOK_ALLOWED_PORTS: '*',
  WEBHOOK_ALLOW_HTTP: 'true',
});

async function postmaster(database: pg.Pool): Promise<number> {
  const { rows } = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return parentOf(rows[0]?.pid ?? 0) ?? 0;
}

async function subscribe(api: Api, url: string): Promise<void> {
  const wanted = { name: 'receiver', url, event_types: ['incident-alert'] };
  const { status, body } = await api('POST', '/api/v1/webhooks/endpoints', wanted);
  if (status !== 201) throw new Error(`no endpoint could be made: ${status} ${JSON.stringify(body)}`);
}

async function connect(api: Api, workspace: SimulatedWorkspace): Promise<string> {
  const { name, workspace_id, tenant_id, client_id, client_secret } = workspace;
  const given = { name, workspace_id, tenant_id, client_id, client_secret };
  const wanted = { ...given, provider_type: 'sentinel', alert_backlog: true };
  const { status, body } = await api('POST', '/api/admin/siem-providers', wanted);
  if (status !== 201) throw new Error(`${name} could not be connected: ${status} ${JSON.stringify(body)}`);
  return body.id as string;
}
