import { metrics } from '@opentelemetry/api';
import type { EnrichmentClaim } from '@socmate/database';
import type { Logger } from '@socmate/runtime';

const meter = metrics.getMeter('socmate');
const runs = meter.createCounter('socmate_enrichments', {
  description: 'Enrichments of incidents, by outcome',
});
const duration = meter.createHistogram('socmate_enrichment_duration_seconds', {
  description: 'How long an enrichment took, until its result was stored',
  unit: 's',
});
const lag = meter.createGauge('socmate_queue_lag_seconds', {
  description: 'How long what is due has waited at most',
  unit: 's',
});

const MS_PER_S = 1_000;

const fieldsOf = ({ incidentId, runId }: EnrichmentClaim) => ({ incidentId, runId });

export interface EndedRun {
  readonly status: 'complete' | 'partial';
  readonly score: number;
  readonly entities: number;
  readonly durationMs: number;
}

export function incidentEnriched(log: Logger, claim: EnrichmentClaim, run: EndedRun): void {
  runs.add(1, { outcome: run.status });
  duration.record(run.durationMs / MS_PER_S);
  log.info({ ...fieldsOf(claim), ...run }, 'incident enriched');
}

export function enrichmentFailed(log: Logger, claim: EnrichmentClaim, err: unknown): void {
  runs.add(1, { outcome: 'failed' });
  log.error({ err, ...fieldsOf(claim), tries: claim.tries }, 'incident could not be enriched');
}

export function enrichmentLost(log: Logger, claim: EnrichmentClaim): void {
  runs.add(1, { outcome: 'lost' });
  log.warn(fieldsOf(claim), 'enrichment was taken over by another worker');
}

export const enrichmentStopped = (log: Logger, claim: EnrichmentClaim): void =>
  log.info(fieldsOf(claim), 'enrichment was given back');

export const incidentCritical = (log: Logger, incidentId: string): void =>
  log.warn({ incidentId }, 'incident became critical');

export const enrichmentsDue = (lagMs: number): void =>
  lag.record(lagMs / MS_PER_S, { queue: 'enrich-incident' });
