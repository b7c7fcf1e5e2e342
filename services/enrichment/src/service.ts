import { createIncidentReadings, createServicePool } from '@socmate/database';
import { assertOwnQueues, startRedisHealth } from '@socmate/queue';
import { type Clock, createLogger, Lifecycle, startWorker, systemClock, type Worker } from '@socmate/runtime';
import { createAssess } from './assessment/assess-incident.ts';
import type { Assess } from './assessment/assessment.ts';
import { openGeoDatabase } from './assessment/geo-database.ts';
import type { Config } from './config.ts';
import { startGraphUpdater } from './graph/start-graph-updater.ts';
import { startIncidentReader } from './reading/incident-reader.ts';
import { openIntelligence } from './runs/open-intelligence.ts';
import { startRuns } from './runs/start-runs.ts';

export interface Overrides {
  readonly clock?: Clock;
}

export const startEnrichment = (config: Config, overrides: Overrides = {}): Promise<Worker> =>
  Lifecycle.start(async (life) => {
    const log = createLogger('enrichment', config.LOG_LEVEL);
    const clock = overrides.clock ?? systemClock;
    const assess = await openAssess(config);
    const pool = life.use('postgres', createServicePool('enrichment', config, log), (p) => p.end());
    const { consumer: graphConsumer, graph } = startGraphUpdater(life, { config, pool, log });
    const intelligence = openIntelligence(life, { config, pool, clock, log });
    const readings = createIncidentReadings(pool);
    const reader = life.use('incident reader', startIncidentReader({ readings, log }), (r) => r.close());
    const runs = await startRuns(life, { config, pool, clock, log, reader, intelligence, assess });
    assertOwnQueues('enrichment', [graphConsumer, runs]);
    const redis = life.use('redis health', startRedisHealth(config.REDIS_URL), (r) => r.close());
    const checks = {
      vital: { postgres: () => pool.query('SELECT 1') },
      optional: { redis: () => redis.check(), ...(graph && { neo4j: () => graph.check() }) },
    };
    return startWorker(life, { config, log, checks });
  });

async function openAssess({ TENANT_DOMAINS, GEO_DATABASES }: Config): Promise<Assess> {
  const geo = GEO_DATABASES.length > 0 ? await openGeoDatabase(GEO_DATABASES) : undefined;
  return createAssess({ tenantDomains: TENANT_DOMAINS, geo });
}
