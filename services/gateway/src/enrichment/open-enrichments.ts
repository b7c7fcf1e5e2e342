import { enrichIncident } from '@socmate/contracts';
import { createEnrichments, type Enrichments } from '@socmate/database';
import { startWakeUps } from '@socmate/queue';
import type { DomainBase } from '../domain-deps.ts';
import { createRequestEnrichment, type RequestEnrichment } from './request-enrichment.ts';

/** What the routes ask for that enrich incidents. */
export interface EnrichmentDeps {
  readonly enrichments: Enrichments;
  readonly requestEnrichment: RequestEnrichment;
}

export function openEnrichments({ life, config, log, pool, ids }: DomainBase): EnrichmentDeps {
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const wakeUps = life.use('enrich-incident', startWakeUps(enrichIncident, connection, log), (one) =>
    one.close(),
  );
  const enrichments = createEnrichments(pool);
  const wake = async (incidentId: string): Promise<void> => void (await wakeUps.wake({ incidentId }));
  return { enrichments, requestEnrichment: createRequestEnrichment({ enrichments, ids, wake }) };
}
