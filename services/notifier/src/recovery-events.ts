import { metrics } from '@opentelemetry/api';
import type { RecoveryStep } from '@socmate/database';
import type { Logger } from '@socmate/runtime';

const meter = metrics.getMeter('socmate');
const recovered = meter.createCounter('socmate_deliveries_recovered', {
  description: 'Deliveries that recoveries put on their way',
});
const ended = meter.createCounter('socmate_recoveries_ended', { description: 'Recoveries by their end' });

export function recoveryStepped(log: Logger, { released, ...step }: RecoveryStep): void {
  recovered.add(released);
  log.debug({ ...step, released }, 'recovery went on');
}

export function recoveryEnded(log: Logger, { recoveryId, endpointId, status }: RecoveryStep): void {
  ended.add(1, { status });
  log.info({ recoveryId, endpointId, status }, 'recovery ended');
}
