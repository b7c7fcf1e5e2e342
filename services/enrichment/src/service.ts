import { createServicePool } from '@socmate/database';
import { assertOwnQueues, startRedisHealth } from '@socmate/queue';
import { createLogger, Lifecycle, startWorker, type Worker } from '@socmate/runtime';
import type { Config } from './config.ts';
import { startGraphUpdater } from './graph/start-graph-updater.ts';

export const startEnrichment = (config: Config): Promise<Worker> =>
  Lifecycle.start(async (life) => {
    const log = createLogger('enrichment', config.LOG_LEVEL);
    const pool = life.use('postgres', createServicePool('enrichment', config, log), (p) => p.end());
    const { consumer: graphConsumer, graph } = startGraphUpdater(life, { config, pool, log });
    assertOwnQueues('enrichment', [graphConsumer]);
    const redis = life.use('redis health', startRedisHealth(config.REDIS_URL), (r) => r.close());
    const checks = {
      vital: { postgres: () => pool.query('SELECT 1') },
      optional: { redis: () => redis.check(), ...(graph && { neo4j: () => graph.check() }) },
    };
    return startWorker(life, { config, log, checks });
  });
