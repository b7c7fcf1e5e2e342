import { metrics } from '@opentelemetry/api';
import type { DeliveryQueue, Ownership } from '@socmate/database';
import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import type { DeliveryLoop } from './delivery-loop.ts';

const INTERVAL_MS = 1_000;

const lag = metrics.getMeter('socmate').createGauge('socmate_queue_lag_seconds', {
  description: 'How long the oldest due delivery has waited',
  unit: 's',
});

interface DueTimerDeps {
  readonly deliveries: Pick<DeliveryQueue, 'freeDead' | 'due'>;
  readonly ownership: Pick<Ownership, 'isSteady'>;
  readonly loop: Pick<DeliveryLoop, 'wake'>;
  readonly log: Logger;
}

/** Frees what dead notifiers held, and wakes every endpoint with rows that are due, whatever Redis remembers. */
export function startDueTimer({ deliveries, ownership, loop, log }: DueTimerDeps): Timer {
  return startTimer('due-deliveries', INTERVAL_MS, log, async () => {
    // After an outage of Postgres everybody is late, and those who live have yet to say so.
    const freed = ownership.isSteady() ? await deliveries.freeDead() : 0;
    if (freed > 0) log.warn({ freed }, 'deliveries of dead workers taken over');
    const due = await deliveries.due();
    lag.record(Math.max(0, ...due.map(({ lagMs }) => lagMs)) / 1_000, { queue: 'deliver-webhook' });
    loop.wake(due.map(({ endpointId }) => endpointId));
  });
}
