import { metrics } from '@opentelemetry/api';
import type { Observation } from '@socmate/contracts';
import type { Logger } from '@socmate/runtime';

const meter = metrics.getMeter('socmate');
const lookups = meter.createCounter('socmate_intelligence_lookups', {
  description: 'Questions to providers by provider, status and whether the answer was kept',
});

export function lookedUp(log: Logger, { provider, status, cached, summary }: Observation): void {
  lookups.add(1, { provider, status, cached });
  if (status === 'error') log.warn({ provider, reason: summary }, 'provider gave no answer');
  if (status === 'limited') log.info({ provider, reason: summary }, 'provider was not asked for its quota');
}
