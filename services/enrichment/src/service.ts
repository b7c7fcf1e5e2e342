import { createPool, type Pool } from '@socmate/database';
import { startRedisHealth } from '@socmate/queue';
import {
  createLogger,
  type HealthChecks,
  Lifecycle,
  type Logger,
  type Running,
  startHealthServer,
} from '@socmate/runtime';
import type { Config } from './config.ts';

export interface Enrichment extends Running {
  readonly log: Logger;
  readonly healthUrl: string;
}

export async function startEnrichment(config: Config): Promise<Enrichment> {
  return Lifecycle.start(async (life) => {
    const log = createLogger('enrichment', config.LOG_LEVEL);
    const pool = life.use('postgres', openPool(config, log), (p) => p.end());
    const redis = life.use('redis health', startRedisHealth(config.REDIS_URL), (r) => r.close());
    const checks: HealthChecks = {
      vital: { postgres: () => pool.query('SELECT 1') },
      optional: { redis: () => redis.check() },
    };
    const { HEALTH_HOST: host, HEALTH_PORT: port } = config;
    const health = await startHealthServer({ host, port, checks, isClosing: () => life.isClosing });
    life.use('health', health, (server) => server.close());
    log.info({ healthUrl: health.url }, 'started');
    return { log, healthUrl: health.url, close: () => life.close() };
  });
}

const openPool = ({ DATABASE_URL, DATABASE_POOL_SIZE }: Config, log: Logger): Pool =>
  createPool(DATABASE_URL, {
    size: DATABASE_POOL_SIZE,
    name: 'enrichment',
    onFault: (fault) => log.warn({ reason: fault.message }, 'database connection lost'),
  });
