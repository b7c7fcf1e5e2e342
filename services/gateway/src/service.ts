import { createSealer, parseMasterKeys } from '@socmate/crypto';
import {
  createApiKeyCredentials,
  createIdempotencyKeys,
  createPrisma,
  createServicePool,
  databaseAway,
} from '@socmate/database';
import {
  type AppOptions,
  createApp,
  finish,
  type Gate,
  mount,
  mountDocs,
  startHttpServer,
} from '@socmate/http';
import { createGraphHealth, noGraph } from '@socmate/knowledge-graph';
import { connectFailFast } from '@socmate/queue';
import {
  type Clock,
  createIds,
  createLogger,
  type HealthChecks,
  Lifecycle,
  type Logger,
  type Running,
  startHealthServer,
  startTimer,
  systemClock,
} from '@socmate/runtime';
import { createAuthenticator } from './access/authenticate.ts';
import { createIdempotentCalls } from './access/idempotent-calls.ts';
import { createRateLimits } from './access/rate-limits.ts';
import { startUsageRecorder } from './access/usage-recorder.ts';
import { keepBootstrapKey } from './api-keys/bootstrap-key.ts';
import type { Base } from './base.ts';
import type { Config } from './config.ts';
import { openApiOf } from './openapi.ts';
import { allRoutes } from './routes/all-routes.ts';
import { wireRoutes } from './wire-routes.ts';

export interface Overrides {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** How often the use of keys is written. */
  readonly flushIntervalMs?: number;
  /** How long a statement may take. */
  readonly statementTimeoutMs?: number;
}

export interface Gateway extends Running {
  readonly log: Logger;
  /** Where the API answers. */
  readonly url: string;
  /** Where `/metrics` answers, with health once more. */
  readonly healthUrl: string;
}

// Under the ten seconds that a use may take to show.
const FLUSH_INTERVAL_MS = 5_000;
const SWEEP_INTERVAL_MS = 3_600_000;
// Somebody waits for the answer; in a database that hangs, requests must not pile up.
const STATEMENT_TIMEOUT_MS = 15_000;

export async function startGateway(config: Config, overrides: Overrides = {}): Promise<Gateway> {
  return Lifecycle.start(async (life) => {
    const base = openBase(life, config, overrides);
    const { log } = base;
    await storeBootstrapKey(base);
    const { gate, forgetKey } = openGate(base, overrides.flushIntervalMs);
    const checks = openChecks(base);
    const routes = allRoutes(wireRoutes(base, checks, forgetKey));
    const server = await listen(base, routes, gate);
    const { HEALTH_HOST: host, HEALTH_PORT: port } = config;
    const health = await startHealthServer({ host, port, checks, isClosing: () => life.isClosing });
    life.use('health', health, (one) => one.close());
    log.info({ url: server.url, healthUrl: health.url }, 'started');
    return { log, url: server.url, healthUrl: health.url, close: () => life.close() };
  });
}

function openBase(life: Lifecycle, config: Config, overrides: Overrides): Base {
  const log = overrides.log ?? createLogger('gateway', config.LOG_LEVEL);
  const { statementTimeoutMs = STATEMENT_TIMEOUT_MS } = overrides;
  const servicePool = createServicePool('gateway', config, log, { statementTimeoutMs });
  const pool = life.use('postgres', servicePool, (one) => one.end());
  const prisma = life.use('prisma', createPrisma(pool), (one) => one.$disconnect());
  const redis = life.use('redis', connectFailFast(config.REDIS_URL), (one) => one.disconnect());
  const sealer = createSealer(parseMasterKeys(config.MASTER_KEYS));
  const clock = overrides.clock ?? systemClock;
  return { life, config, log, pool, prisma, redis, sealer, clock, ids: createIds() };
}

async function storeBootstrapKey({ config, log, ...deps }: Base): Promise<void> {
  const { BOOTSTRAP_ADMIN_KEY: key, BOOTSTRAP_RATE_LIMIT_PER_MINUTE: rate } = config;
  if (key === undefined) return;
  if ((await keepBootstrapKey(deps, key, rate)) === 'added') log.info('bootstrap admin key stored');
}

/** Authentication, rates and idempotency, with what they write behind. */
function openGate(
  base: Base,
  flushIntervalMs = FLUSH_INTERVAL_MS,
): { gate: Gate; forgetKey: (keyId: string) => void } {
  const { life, config, log, clock, pool, redis, sealer } = base;
  const credentials = createApiKeyCredentials(pool);
  const idempotencyKeys = createIdempotencyKeys(pool);
  const usage = life.use('key use', startUsageRecorder({ credentials, clock, log, flushIntervalMs }), (one) =>
    one.close(),
  );
  const onUse = (keyId: string, ip: string): void => usage.record(keyId, ip);
  const authenticator = createAuthenticator({ credentials, clock, onUse });
  const rateLimits = createRateLimits(redis, `${config.QUEUE_PREFIX}:rate`);
  const sweep = async (): Promise<void> => {
    await idempotencyKeys.sweep();
    await credentials.forgetOldUse();
  };
  life.use('sweep', startTimer('sweep', SWEEP_INTERVAL_MS, log, sweep), (one) => one.close());
  const gate: Gate = {
    authenticate: (request) => authenticator.authenticate(request),
    admit: (principal) => rateLimits.admit(principal),
    once: createIdempotentCalls({ idempotencyKeys, sealer, log }),
  };
  return { gate, forgetKey: (keyId) => authenticator.forget(keyId) };
}

function openChecks({ life, config, pool, redis }: Base): HealthChecks {
  const { NEO4J_URI: uri, NEO4J_USER: user, NEO4J_PASSWORD: password } = config;
  const configured = uri === undefined ? noGraph : createGraphHealth({ uri, user, password });
  const graph = life.use('graph', configured, (one) => one.close());
  return {
    vital: { postgres: () => pool.query('SELECT 1') },
    optional: { redis: () => redis.ping(), neo4j: () => graph.check() },
  };
}

async function listen({ life, config, log, ids }: Base, routes: ReturnType<typeof allRoutes>, gate: Gate) {
  const options: AppOptions = {
    gate,
    log,
    ids,
    explain: databaseAway,
    trustedProxies: config.TRUSTED_PROXIES,
  };
  const app = createApp(options);
  mountDocs(app, 'SoCMate API', openApiOf(routes));
  mount(app, routes, options);
  finish(app, routes, options);
  const { HOST: host, PORT: port, SHUTDOWN_GRACE_MS: graceMs } = config;
  return life.use('http', await startHttpServer(app, { host, port, graceMs }), (one) => one.close());
}
