import { metrics } from '@opentelemetry/api';
import type { Observation } from '@socmate/contracts';
import type { Logger } from '@socmate/runtime';

const meter = metrics.getMeter('socmate');
const lookups = meter.createCounter('socmate_intelligence_lookups', {
  description: 'Questions to providers by provider, status and whether the answer was kept',
});

export function lookedUp(log: Logger, { provider, status, cached, summary }: Observation): void {
  lookups.add(1, { provider, status, cached });
  if (status === 'error' || status === 'limited')
    log.warn({ provider, status, reason: summary }, 'provider gave no answer');
}
