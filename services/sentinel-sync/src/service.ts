import { deliverWebhook, syncProvider } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import {
  createAzureQuota,
  createIncidentDetails,
  createIncidentPages,
  createIncidentReconciliation,
  createProviderReconciliations,
  createProviderSyncs,
  createServicePool,
  createSkippedIncidents,
  createSyncEndings,
  createWorkerLeases,
  type Pool,
  startHeartbeat,
} from '@socmate/database';
import {
  assertOwnQueues,
  type Consumer,
  startConsumer,
  startRedisHealth,
  startWakeUps,
} from '@socmate/queue';
import {
  type Clock,
  createIds,
  createLogger,
  Lifecycle,
  type Logger,
  startTimer,
  startWorker,
  systemClock,
  type Worker,
} from '@socmate/runtime';
import { azureSettings } from '@socmate/sentinel';
import type { Config } from './config.ts';
import { startDetailsReader } from './details-reader.ts';
import { startDueReconciliations } from './due-reconciliations.ts';
import { startDueSyncs } from './due-syncs.ts';
import { createSyncProvider } from './jobs/sync-provider.ts';
import { createReconcileRunner } from './reconcile-runner.ts';
import { createSentinelClients } from './sentinel-clients.ts';
import { createSyncRunner } from './sync-runner.ts';
import { startWriteBack, type WriteBackParts } from './write-back.ts';

export interface Overrides {
  readonly clock?: Clock;
}

const LEASE_SWEEP_MS = 600_000;

export async function startSentinelSync(config: Config, overrides: Overrides = {}): Promise<Worker> {
  return Lifecycle.start(async (life) => {
    const log = createLogger('sentinel-sync', config.LOG_LEVEL);
    const pool = life.use('postgres', createServicePool('sentinel-sync', config, log), (p) => p.end());
    const sealer = createSealer(parseMasterKeys(config.MASTER_KEYS));
    const clients = createSentinelClients(azureSettings(config), sealer);
    const clock = overrides.clock ?? systemClock;
    const parts = { config, pool, clients, log, clock, ...(await openLease(life, pool, log)) };
    assertOwnQueues('sentinel-sync', [startSyncs(life, parts), ...startWriteBack(life, parts)]);
    startDetails(life, { pool, clients, log });
    const redis = life.use('redis health', startRedisHealth(config.REDIS_URL), (r) => r.close());
    const checks = {
      vital: { postgres: () => pool.query('SELECT 1') },
      optional: { redis: () => redis.check() },
    };
    return startWorker(life, { config, log, checks });
  });
}

/** The name under which this process claims rows, and the beats that keep its claims. */
async function openLease(life: Lifecycle, pool: Pool, log: Logger) {
  const ids = createIds();
  const owner = ids.next('wrk');
  const leases = life.use('worker lease', createWorkerLeases(pool, owner, 'sentinel-sync'), (l) => l.leave());
  const heartbeat = life.use('heartbeat', await startHeartbeat(leases, log), (h) => h.close());
  const sweep = startTimer('lease-sweep', LEASE_SWEEP_MS, log, async () => {
    await leases.sweep();
  });
  life.use('lease sweep', sweep, (timer) => timer.close());
  return { ids, owner, heartbeat };
}

type Parts = WriteBackParts;

function openNotifierWakeUps(life: Lifecycle, { config, log }: Parts) {
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const wakeUps = startWakeUps(deliverWebhook, connection, log);
  life.use('notifier wake-ups', wakeUps, (w) => w.close());
  return async (endpointIds: readonly string[]): Promise<void> => {
    await wakeUps.wake({ endpointIds: [...endpointIds] });
  };
}

function createRunners(life: Lifecycle, parts: Parts) {
  const { config, pool, clients, log, clock, ids, owner, heartbeat } = parts;
  const deps = {
    pages: createIncidentPages(pool, { ids, clock }),
    skipped: createSkippedIncidents(pool),
    publicUrl: config.PUBLIC_URL,
    clients,
    syncs: createProviderSyncs(pool),
    endings: createSyncEndings(pool, { ids, clock }),
    wakeNotifier: openNotifierWakeUps(life, parts),
    log,
  };
  const shared = { owner, heartbeat, reconcileIntervalS: config.RECONCILE_INTERVAL };
  return {
    syncs: createSyncRunner({
      ...deps,
      ...shared,
      defaultIntervalS: config.SYNC_INTERVAL,
      concurrency: config.SYNC_CONCURRENCY,
    }),
    reconciliations: createReconcileRunner({
      ...shared,
      sync: deps,
      reconciliation: createIncidentReconciliation(pool),
      reconciliations: createProviderReconciliations(pool),
      reconcileWindow: config.RECONCILE_WINDOW,
    }),
  };
}

function startSyncs(life: Lifecycle, parts: Parts): Consumer {
  const { config, pool, log } = parts;
  const runners = createRunners(life, parts);
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const wakeUps = life.use('sync wake-ups', startWakeUps(syncProvider, connection, log), (w) => w.close());
  const options = {
    ...connection,
    concurrency: config.SYNC_CONCURRENCY,
    log,
    graceMs: config.SHUTDOWN_GRACE_MS,
  };
  const consumer = startConsumer(syncProvider, options, createSyncProvider({ runner: runners.syncs }));
  life.use('sync-provider', consumer, (c) => c.close());
  life.use('syncs', runners.syncs, (r) => r.close());
  const syncs = createProviderSyncs(pool);
  const timer = startDueSyncs({ syncs, runner: runners.syncs, wakeUps, log });
  life.use('due syncs', timer, (t) => t.close());
  life.use('reconciliations', runners.reconciliations, (r) => r.close());
  const reconciliations = createProviderReconciliations(pool);
  const reconcileTimer = startDueReconciliations({ reconciliations, runner: runners.reconciliations, log });
  life.use('due reconciliations', reconcileTimer, (t) => t.close());
  return consumer;
}

function startDetails(
  life: Lifecycle,
  { pool, clients, log }: Pick<Parts, 'pool' | 'clients' | 'log'>,
): void {
  const details = createIncidentDetails(pool, createIds());
  const quota = createAzureQuota(pool, 'read');
  const reconciliation = createIncidentReconciliation(pool);
  const reader = startDetailsReader({ details, quota, reconciliation, clients, log });
  life.use('incident details', reader, (timer) => timer.close());
}
