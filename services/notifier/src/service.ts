import { readFile } from 'node:fs/promises';
import { deliverWebhook, recoverDeliveries } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import {
  createDeliveryQueue,
  createEndpointHealth,
  createRecoverySteps,
  createServicePool,
  createWorkerLeases,
  DELIVERY_SERVICE,
  type DeliveryQueue,
  type Ownership,
  type Pool,
  startOwnership,
} from '@socmate/database';
import { createGuardedAgent, type GuardedAgentOptions, type NameLookup, targetPolicy } from '@socmate/egress';
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
import { fencedAgent } from './fenced-agent.ts';
import { startHealthTimer } from './health-timer.ts';
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
  readonly lookup?: NameLookup;
}

const CONCURRENCY = 20;
const CONNECT_TIMEOUT_MS = 10_000;
// Lanes bound the connections; a limit here would let the endpoints of one host wait for each other.
const MAX_CONNECTIONS = 10_000;

export async function startNotifier(config: Config, overrides: Overrides = {}): Promise<Worker> {
  return Lifecycle.start(async (life) => {
    const log = createLogger('notifier', config.LOG_LEVEL);
    const pool = life.use(
      'postgres',
      createServicePool('notifier', config, log, { prefersIndexes: true }),
      (p) => p.end(),
    );
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

async function startLoop(life: Lifecycle, parts: LoopParts): Promise<DeliveryLoop> {
  const { config, pool, log, overrides } = parts;
  const { clock = systemClock, random = Math.random } = overrides;
  const making = { pool, ids: createIds(), clock };
  const ownership = await openOwnership(life, { pool, log });
  const { WEBHOOK_BREAKER_FAILURES: breakerFailures, WEBHOOK_BREAKER_OPEN_MS: openMs } = config;
  const deliveries = createDeliveryQueue(pool, { failures: breakerFailures, openMs });
  const health = createEndpointHealth(pool, making);
  const loop = new DeliveryLoop({
    ...(await openSender(life, parts, { deliveries, ownership, clock })),
    deliveries,
    ownership,
    health,
    breakerFailures,
    clock,
    random,
    log,
  });
  life.use('deliveries', loop, (l) => l.close(config.SHUTDOWN_GRACE_MS));
  const timers = {
    'due timer': startDueTimer({ deliveries, ownership, loop, log }),
    storms: startStormTimer({ ...making, loop, log }),
    'endpoint health': startHealthTimer({ health, log }),
    upkeep: startUpkeep({
      pool,
      leases: createWorkerLeases(pool, ownership.owner, DELIVERY_SERVICE),
      config,
      log,
    }),
  };
  for (const [name, timer] of Object.entries(timers)) life.use(name, timer, (t) => t.close());
  return loop;
}

async function openOwnership(
  life: Lifecycle,
  { pool, log }: Pick<LoopParts, 'pool' | 'log'>,
): Promise<Ownership> {
  const ids = createIds();
  const nextOwner = (): string => ids.next('wrk');
  const ownership = await startOwnership(pool, { service: DELIVERY_SERVICE, nextOwner, log });
  life.use('worker lease', ownership, (o) => o.leave());
  return life.use('heartbeat', ownership, (o) => o.close());
}

interface SenderDeps {
  readonly deliveries: DeliveryQueue;
  readonly ownership: Ownership;
  readonly clock: Clock;
}

/** What an attempt needs beyond the row: the guarded agent, the endpoints' secrets, the wake-ups of retries. */
async function openSender(
  life: Lifecycle,
  { config, log, overrides }: LoopParts,
  { deliveries, ownership, clock }: SenderDeps,
) {
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const producer = life.use('retry wake-ups', startProducer(deliverWebhook, connection), (p) => p.close());
  const policy = targetPolicy(config);
  const options = await agentOptions(config, overrides);
  const agent = life.use('agent', createGuardedAgent(policy, options), (a) => a.destroy());
  const sealer = createSealer(parseMasterKeys(config.MASTER_KEYS));
  const now = (): number => clock.now().getTime();
  const retryScheduleS = config.WEBHOOK_RETRY_SCHEDULE;
  return {
    targets: createTargets({ deliveries, sealer, policy, agent, now, retryScheduleS }),
    send: createSendAttempt({ agent: fencedAgent(agent, ownership), clock }),
    onRetry: createRetryWakeUps({ producer, log, now }),
  };
}

async function agentOptions(config: Config, { lookup }: Overrides): Promise<GuardedAgentOptions> {
  const { WEBHOOK_CA_FILE: file, WEBHOOK_EGRESS_PROXY: proxy } = config;
  return {
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    maxConnectionsPerOrigin: MAX_CONNECTIONS,
    lookup,
    proxy,
    ca: file === undefined ? undefined : await readFile(file, 'utf8'),
  };
}
