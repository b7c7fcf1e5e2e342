import { readFile } from 'node:fs/promises';
import { deliverWebhook, recoverDeliveries } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import {
  createDeliveryQueue,
  createRecoverySteps,
  createServicePool,
  createWorkerLeases,
  type Pool,
  startHeartbeat,
} from '@socmate/database';
import { createGuardedAgent, targetPolicy } from '@socmate/egress';
import {
  assertOwnQueues,
  type Consumer,
  type ConsumerOptions,
  startConsumer,
  startProducer,
  startRedisHealth,
} from '@socmate/queue';
import {
  type Clock,
  createIds,
  createLogger,
  Lifecycle,
  type Logger,
  startWorker,
  systemClock,
  type Worker,
} from '@socmate/runtime';
import { createSendAttempt } from './attempt.ts';
import type { Config } from './config.ts';
import { DeliveryLoop } from './delivery-loop.ts';
import { startDueTimer } from './due-timer.ts';
import { createDeliverWebhook } from './jobs/deliver-webhook.ts';
import { createRecoverDeliveries } from './jobs/recover-deliveries.ts';
import { startRecoveries } from './recoveries.ts';
import { createRetryWakeUps } from './retry-wake-ups.ts';
import { startStormTimer } from './storm-timer.ts';
import { createTargets } from './targets.ts';
import { startUpkeep } from './upkeep.ts';

export interface Overrides {
  readonly clock?: Clock;
  readonly random?: () => number;
}

const CONCURRENCY = 20;
const CONNECT_TIMEOUT_MS = 10_000;
// Lanes bound the connections; a limit here would let the endpoints of one host wait for each other.
const MAX_CONNECTIONS = 10_000;

export async function startNotifier(config: Config, overrides: Overrides = {}): Promise<Worker> {
  return Lifecycle.start(async (life) => {
    const log = createLogger('notifier', config.LOG_LEVEL);
    const pool = life.use('postgres', createServicePool('notifier', config, log), (p) => p.end());
    const loop = await startLoop(life, { config, pool, log, overrides });
    const options = {
      url: config.REDIS_URL,
      prefix: config.QUEUE_PREFIX,
      concurrency: CONCURRENCY,
      log,
      graceMs: config.SHUTDOWN_GRACE_MS,
    };
    const consumer = startConsumer(deliverWebhook, options, createDeliverWebhook({ loop }));
    life.use('deliver-webhook', consumer, (c) => c.close());
    assertOwnQueues('notifier', [consumer, openRecoveries(life, { pool, loop, options })]);
    const redis = life.use('redis health', startRedisHealth(config.REDIS_URL), (r) => r.close());
    const checks = {
      vital: { postgres: () => pool.query('SELECT 1') },
      optional: { redis: () => redis.check() },
    };
    return startWorker(life, { config, log, checks });
  });
}

interface RecoveryParts {
  readonly pool: Pool;
  readonly loop: DeliveryLoop;
  readonly options: ConsumerOptions;
}

function openRecoveries(life: Lifecycle, { pool, loop, options }: RecoveryParts): Consumer {
  const steps = createRecoverySteps(pool, createIds());
  const timer = startRecoveries({ steps, loop, log: options.log });
  const recoveries = life.use('recoveries', timer, (t) => t.close());
  const consumer = startConsumer(recoverDeliveries, options, createRecoverDeliveries({ recoveries }));
  return life.use('recover-deliveries', consumer, (c) => c.close());
}

interface LoopParts {
  readonly config: Config;
  readonly pool: Pool;
  readonly log: Logger;
  readonly overrides: Overrides;
}

async function startLoop(
  life: Lifecycle,
  { config, pool, log, overrides }: LoopParts,
): Promise<DeliveryLoop> {
  const { clock = systemClock, random = Math.random } = overrides;
  const owner = createIds().next('wrk');
  const deliveries = createDeliveryQueue(pool);
  const leases = life.use('worker lease', createWorkerLeases(pool, owner, 'notifier'), (l) => l.leave());
  const heartbeat = life.use('heartbeat', await startHeartbeat(leases, log), (h) => h.close());
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const producer = life.use('retry wake-ups', startProducer(deliverWebhook, connection), (p) => p.close());
  const policy = targetPolicy(config);
  const agent = life.use('agent', createGuardedAgent(policy, await agentOptions(config)), (a) => a.destroy());
  const sealer = createSealer(parseMasterKeys(config.MASTER_KEYS));
  const loop = new DeliveryLoop({
    deliveries,
    owner,
    heartbeat,
    targets: createTargets({
      deliveries,
      sealer,
      policy,
      agent,
      now: () => clock.now().getTime(),
      retryScheduleS: config.WEBHOOK_RETRY_SCHEDULE,
    }),
    send: createSendAttempt({ agent, clock }),
    clock,
    random,
    log,
    onRetry: createRetryWakeUps({ producer, log, now: () => clock.now().getTime() }),
  });
  life.use('deliveries', loop, (l) => l.close(config.SHUTDOWN_GRACE_MS));
  life.use('due timer', startDueTimer({ deliveries, loop, log }), (timer) => timer.close());
  const making = { pool, ids: createIds(), clock };
  life.use('storms', startStormTimer({ ...making, loop, log }), (timer) => timer.close());
  life.use('upkeep', startUpkeep({ pool, leases, config, log }), (timer) => timer.close());
  return loop;
}

async function agentOptions({ WEBHOOK_CA_FILE }: Config) {
  const options = { connectTimeoutMs: CONNECT_TIMEOUT_MS, maxConnectionsPerOrigin: MAX_CONNECTIONS };
  return WEBHOOK_CA_FILE === undefined
    ? options
    : { ...options, ca: await readFile(WEBHOOK_CA_FILE, 'utf8') };
}
