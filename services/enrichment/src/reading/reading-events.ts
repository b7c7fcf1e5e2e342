import { metrics } from '@opentelemetry/api';
import type { ReadingClaim } from '@socmate/database';
import type { Logger } from '@socmate/runtime';

const meter = metrics.getMeter('socmate');
const readings = meter.createCounter('socmate_incident_readings', {
  description: 'Incidents whose entities were read and stored, by outcome',
});
const lag = meter.createGauge('socmate_queue_lag_seconds', {
  description: 'How long what is due has waited at most',
  unit: 's',
});

export function incidentsRead(log: Logger, incidents: number, entities: number): void {
  readings.add(incidents, { outcome: 'success' });
  log.debug({ incidents, entities }, 'entities of incidents stored');
}

export function incidentNotRead(log: Logger, { incidentId }: ReadingClaim, err: unknown): void {
  readings.add(1, { outcome: 'failure' });
  log.error({ err, incidentId }, 'entities of an incident could not be read');
}

export const readingLag = (lagMs: number): void => lag.record(lagMs / 1_000, { queue: 'read-incident' });
