import { recoverDeliveries } from '@socmate/contracts';
import {
  createRecoveries,
  createWebhookEvents,
  endpointStats,
  type Recoveries,
  type WebhookEvents,
} from '@socmate/database';
import { startWakeUps } from '@socmate/queue';
import type { DomainBase } from '../domain-deps.ts';
import { createRetryDelivery, type RetryDelivery } from './retry-delivery.ts';
import { createStartRecovery, type StartRecovery } from './start-recovery.ts';

/** What the routes ask for that look at events and send them again. */
export interface WebhookReplayDeps {
  readonly webhookEvents: WebhookEvents;
  readonly endpointStats: (endpointId: string, since: Date) => ReturnType<typeof endpointStats>;
  readonly recoveries: Recoveries;
  readonly retryDelivery: RetryDelivery;
  readonly startRecovery: StartRecovery;
}

export function openWebhookReplays(
  base: DomainBase,
  wakeEndpoint: (endpointId: string) => Promise<void>,
): WebhookReplayDeps {
  const { life, config, log, pool } = base;
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const wakeUps = startWakeUps(recoverDeliveries, connection, log);
  life.use('recover-deliveries', wakeUps, (one) => one.close());
  return {
    webhookEvents: createWebhookEvents(pool),
    endpointStats: (endpointId, since) => endpointStats(pool, endpointId, since),
    recoveries: createRecoveries(pool),
    retryDelivery: createRetryDelivery({ ...base, wake: wakeEndpoint }),
    startRecovery: createStartRecovery({
      ...base,
      wake: async (recoveryId) => void (await wakeUps.wake({ recoveryId })),
    }),
  };
}
