import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createApiKey } from '@socmate/crypto';
import { type Part, simulatedIntelligence, startRedis, startService, startSimulator } from '@socmate/local';
import { Lifecycle } from '@socmate/runtime';
import { cloneDatabase, requireEnv } from '@socmate/testing';
import pg from 'pg';
import { type Api, openApi } from './api.ts';
import { type Azure, openAzure } from './azure.ts';
import { openRunFolder } from './open-run-folder.ts';
import { openSimulatedTenant, type SimulatedTenant, type SimulatedWorkspace } from './simulated-tenant.ts';

type ServiceName = 'gateway' | 'sentinel-sync' | 'notifier';
type AddedService = ServiceName | 'enrichment';

/** A whole SoCMate of this test file's own: database, Redis server, simulated tenant, services as processes. */
export interface System {
  readonly api: Api;
  readonly tenant: SimulatedTenant;
  readonly azure: Azure;
  readonly database: pg.Pool;
  readonly redis: Part & { readonly dataFolder: string };
  readonly services: Readonly<Record<ServiceName, Part & { readonly url: string }>>;
  /** What all processes wrote. */
  readonly logLines: readonly string[];
  readonly adminApiKey: string;
  readonly gatewayUrl: string;
  connect(workspace: SimulatedWorkspace, options?: Record<string, unknown>): Promise<string>;
  /** One more process of a service, or the first of one that is not there from the start, until the system closes. */
  addReplica(service: AddedService): Promise<Part>;
  close(): Promise<void>;
}

export function startSystem(
  env: Readonly<Record<string, string>> = {},
  simulatorFlags: readonly string[] = [],
): Promise<System> {
  return Lifecycle.start(async (life) => {
    const { folder, records } = openRunFolder(life, 'system');
    const cloned = life.use('database', await cloneDatabase(), (database) => database.drop());
    const database = life.use('pool', new pg.Pool({ connectionString: cloned.url, max: 4 }), (pool) =>
      pool.end(),
    );
    database.on('error', () => undefined);
    const stop = (part: Part): Promise<void> => part.stop();
    const server = requireEnv('TEST_REDIS_SERVER');
    const redis = life.use(
      'redis',
      await startRedis({ server, dataFolder: join(folder, 'redis'), records }),
      stop,
    );
    const simulator = await startSimulator({
      dataFolder: join(folder, 'azure'),
      records,
      flags: simulatorFlags,
    });
    life.use('simulator', simulator, stop);
    const { apiKey } = createApiKey();
    const given = {
      ...process.env,
      ...simulatedIntelligence(simulator.intelligence, process.env),
      NODE_OPTIONS: '',
      LOG_LEVEL: 'warn',
      DATABASE_URL: cloned.url,
      REDIS_URL: redis.url,
      MASTER_KEYS: `test:${randomBytes(32).toString('base64')}`,
      BOOTSTRAP_ADMIN_KEY: apiKey,
      BOOTSTRAP_RATE_LIMIT_PER_MINUTE: '1000000',
      PUBLIC_URL: 'https://socmate.example',
      AZURE_AUTHORITY_HOST: simulator.url,
      AZURE_RESOURCE_MANAGER_URL: simulator.url,
      NODE_EXTRA_CA_CERTS: simulator.caFile,
      SYNC_INTERVAL: '2',
      SHUTDOWN_GRACE_MS: '3000',
      WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
      WEBHOOK_ALLOWED_PORTS: '*',
      WEBHOOK_ALLOW_HTTP: 'true',
      ...env,
    };
    const logLines: string[] = [];
    const onLine = (line: string): void => {
      logLines.push(line);
      if (process.env['TEST_SHOW_LOGS']) process.stderr.write(`${line}\n`);
    };
    const start = (service: AddedService) => startService({ service, env: given, records, onLine });
    const [gateway, sync, notifier] = await Promise.all([
      start('gateway'),
      start('sentinel-sync'),
      start('notifier'),
    ]);
    for (const service of [notifier, sync, gateway]) life.use(service.name, service, stop);
    const api = openApi(gateway.url, apiKey);
    return {
      api,
      tenant: openSimulatedTenant(simulator.controlUrl),
      azure: life.use('azure', openAzure(simulator.url, simulator.caFile), (azure) => azure.close()),
      database,
      redis,
      services: { gateway, 'sentinel-sync': sync, notifier },
      logLines,
      adminApiKey: apiKey,
      gatewayUrl: gateway.url,
      connect: (workspace, options) => connect(api, workspace, options),
      addReplica: async (service) => life.use(`${service} replica`, await start(service), stop),
      close: () => life.close(),
    };
  });
}

/** Answers the id of the connected workspace. */
async function connect(
  api: Api,
  workspace: SimulatedWorkspace,
  options: Record<string, unknown> = {},
): Promise<string> {
  const { name, workspace_id, tenant_id, client_id, client_secret } = workspace;
  const given = {
    name,
    provider_type: 'sentinel',
    workspace_id,
    tenant_id,
    client_id,
    client_secret,
    ...options,
  };
  const { status, body } = await api('POST', '/api/admin/siem-providers', given);
  if (status !== 201) throw new Error(`${name} could not be connected: ${status} ${JSON.stringify(body)}`);
  return body.id as string;
}
