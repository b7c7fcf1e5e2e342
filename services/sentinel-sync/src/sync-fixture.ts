import { randomBytes } from 'node:crypto';
import { type Simulator, startSimulator } from '@socmate/azure-simulator';
import { sealContext } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import { createPool, type Pool } from '@socmate/database';
import type { Worker } from '@socmate/runtime';
import { aProvider, cloneDatabase, testQueue, trustAuthority, until } from '@socmate/testing';
import { Config } from './config.ts';
import { startSentinelSync } from './service.ts';

const MASTER_KEYS = `k1:${randomBytes(32).toString('base64')}`;

interface ProviderState {
  readonly watermark: Date | null;
  readonly last_synced_at: Date | null;
  readonly last_error: { readonly code: string; readonly message: string } | null;
  readonly consecutive_failures: number;
  readonly sync_owner: string | null;
  readonly next_sync_at: Date;
  readonly unfinished: unknown;
  readonly reconcile_owner: string | null;
  readonly reconcile_until: string | null;
  readonly next_reconcile_at: Date;
  readonly last_reconciled_at: Date | null;
}

interface AzureRequest {
  readonly method: string;
  readonly path: string;
}

function controlOf(simulator: Simulator) {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(`${simulator.controlUrl}${path}`, { method, ...(body && json) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    post: (path: string, body: object = {}) => call('POST', path, body),
    clear: async () => {
      await call('DELETE', '/faults');
      await call('DELETE', '/requests');
    },
    requests: async (): Promise<AzureRequest[]> => {
      const answer = await call('GET', '/requests');
      return (Array.isArray(answer) ? answer : (answer as { requests: [] }).requests) as AzureRequest[];
    },
  };
}

/** Connects a simulated workspace; give only the columns that matter. */
function connectorOf(simulator: Simulator, pool: Pool) {
  const sealer = createSealer(parseMasterKeys(MASTER_KEYS));
  return async (only: Record<string, unknown> = {}, name = 'prod-sentinel'): Promise<string> => {
    const found = simulator.workspaces.find((workspace) => workspace.name === name);
    if (!found) throw new Error(`the simulator has no workspace ${name}`);
    const { client_secret = found.client_secret, ...columns } = only;
    const id = `prv_${randomBytes(8).toString('hex')}`;
    const { name: _, client_secret: __, ...connection } = found;
    await aProvider(pool, {
      ...connection,
      id,
      name,
      client_secret_sealed: sealer.seal(String(client_secret), sealContext.clientSecret(id)),
      alert_backlog: true,
      ...columns,
    });
    return id;
  };
}

const TABLES = 'siem_provider, webhook_endpoint, azure_quota, worker_lease';

function stateOf(pool: Pool) {
  const state = async (id: string): Promise<ProviderState> =>
    (await pool.query('SELECT * FROM siem_provider WHERE id = $1', [id])).rows[0] as ProviderState;
  return {
    state,
    rows: async (sql: string) => (await pool.query(sql)).rows as Record<string, unknown>[],
    count: async (table: string): Promise<number> =>
      Number((await pool.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n),
    syncNow: (id: string) => pool.query('UPDATE siem_provider SET next_sync_at = now() WHERE id = $1', [id]),
    /** Waits for a sync that ends after this call. */
    synced: async (id: string): Promise<ProviderState> => {
      const before = (await state(id)).last_synced_at?.getTime() ?? 0;
      return until('the workspace is synced', async () => {
        const now = await state(id);
        return (now.last_synced_at?.getTime() ?? 0) > before && now.sync_owner === null ? now : undefined;
      });
    },
    failed: (id: string): Promise<ProviderState> =>
      until('the sync has failed', async () => {
        const now = await state(id);
        return now.consecutive_failures > 0 ? now : undefined;
      }),
  };
}

function replicasOf(env: Record<string, string>) {
  const running = new Set<Worker>();
  return {
    start: async (more: Record<string, string> = {}): Promise<Worker> => {
      const service = await startSentinelSync(Config.parse({ ...env, ...more }));
      running.add(service);
      return service;
    },
    closeReplicas: async (): Promise<void> => {
      const closing = [...running].map((service) => service.close());
      running.clear();
      await Promise.all(closing);
    },
  };
}

const environmentOf = (simulator: Simulator, databaseUrl: string): Record<string, string> => {
  const { url, prefix } = testQueue();
  return {
    LOG_LEVEL: 'silent',
    DATABASE_URL: databaseUrl,
    REDIS_URL: url,
    QUEUE_PREFIX: prefix,
    MASTER_KEYS,
    PUBLIC_URL: 'https://soc.example',
    AZURE_AUTHORITY_HOST: simulator.url,
    AZURE_RESOURCE_MANAGER_URL: simulator.url,
    SHUTDOWN_GRACE_MS: '1000',
  };
};

/** A simulated tenant, a database and a Redis prefix of this test file's own, and as many replicas as a test starts. */
export async function openSyncFixture() {
  const simulator = await startSimulator({ isPopulated: false });
  trustAuthority(simulator.caPem);
  const database = await cloneDatabase();
  const pool = createPool(database.url, { size: 4, name: 'test' });
  const control = controlOf(simulator);
  const env = environmentOf(simulator, database.url);
  const replicas = replicasOf(env);
  return {
    simulator,
    control,
    pool,
    env,
    connect: connectorOf(simulator, pool),
    ...stateOf(pool),
    ...replicas,
    clean: async (): Promise<void> => {
      await replicas.closeReplicas();
      await control.clear();
      for (const { name } of simulator.workspaces) {
        await control.post(`/reset?workspace=${name}`, { only: [] });
      }
      await pool.query(`TRUNCATE ${TABLES} CASCADE`);
    },
    close: async (): Promise<void> => {
      await replicas.closeReplicas();
      await pool.end();
      await database.drop();
      await simulator.close();
    },
  };
}

export type SyncFixture = Awaited<ReturnType<typeof openSyncFixture>>;
