import { metrics } from '@opentelemetry/api';
import type { ClaimedDelivery } from '@socmate/database';
import type { Logger } from '@socmate/runtime';
import type { Attempt } from './attempt.ts';
import type { NextState } from './next-state.ts';

const meter = metrics.getMeter('socmate');
const attempts = meter.createCounter('socmate_delivery_attempts', { description: 'Attempts by outcome' });
const durations = meter.createHistogram('socmate_delivery_attempt_duration_seconds', {
  description: 'From the start of an attempt to its answer',
  unit: 's',
  advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30] },
});
const ended = meter.createCounter('socmate_deliveries_ended', { description: 'Deliveries by their end' });

export function attemptMade(
  log: Logger,
  delivery: ClaimedDelivery,
  attempt: Attempt,
  next: NextState['next'],
): void {
  attempts.add(1, { outcome: attempt.outcome, event_type: delivery.eventType });
  durations.record(attempt.durationMs / 1_000, { outcome: attempt.outcome });
  if (next.status !== 'pending') ended.add(1, { status: next.status, event_type: delivery.eventType });
  const fields = {
    deliveryId: delivery.id,
    eventId: delivery.eventId,
    endpointId: delivery.endpointId,
    attempt: delivery.attemptsCount + 1,
    outcome: attempt.outcome,
    statusCode: attempt.statusCode,
    durationMs: attempt.durationMs,
  };
  if (next.status === 'pending')
    log.info({ ...fields, retryInMs: next.delayMs }, 'delivery failed, will be retried');
  else if (next.status === 'dead') log.warn(fields, 'delivery is dead');
  else log.debug(fields, 'delivery succeeded');
}

export function deliveryPutBack(log: Logger, delivery: ClaimedDelivery, err: unknown): void {
  log.error(
    { err, deliveryId: delivery.id, endpointId: delivery.endpointId },
    'delivery could not be attempted',
  );
}

export function endpointDisabled(log: Logger, endpointId: string, reason: string): void {
  log.warn({ endpointId, reason }, 'endpoint disabled');
}

export function endpointFailing(log: Logger, endpointId: string, failingSince: Date): void {
  log.warn(
    { endpointId, failingSince },
    'endpoint has been failing for half of the time until it is disabled',
  );
}
