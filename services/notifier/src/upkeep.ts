import {
  cancelLeftDeliveries,
  databaseNow,
  deleteExpiredEvents,
  forgetExpiredSecrets,
  keepPartitions,
  type Pool,
  type WorkerLeases,
} from '@socmate/database';
import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import type { Config } from './config.ts';

const UPKEEP_MS = 3_600_000;

interface Upkept {
  readonly pool: Pool;
  readonly leases: WorkerLeases;
  readonly config: Config;
  readonly log: Logger;
}

/** Keeps the tables that grow within their retention: at once, then every hour. */
export function startUpkeep({ pool, leases, config, log }: Upkept): Timer {
  const retention = {
    delivery_attempt: config.ATTEMPT_RETENTION_DAYS,
    audit_log: config.AUDIT_RETENTION_DAYS,
  };
  return startTimer('upkeep', UPKEEP_MS, log, async (signal) => {
    await leases.sweep();
    await forgetExpiredSecrets(pool);
    const left = await cancelLeftDeliveries(pool);
    if (left > 0) log.info({ left }, 'deliveries of deleted endpoints cancelled');
    const expired = await deleteExpiredEvents(pool, { retentionDays: config.EVENT_RETENTION_DAYS, signal });
    if (expired.deliveries + expired.events > 0) log.info(expired, 'expired events deleted');
    // Last, as it gives way to long questions of others. A machine whose clock jumps must not drop what is young.
    await keepPartitions(pool, retention, await databaseNow(pool));
  });
}
