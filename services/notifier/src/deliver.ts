import type { SpanContext } from '@opentelemetry/api';
import type { ClaimedDelivery, EndpointHealth, Ownership } from '@socmate/database';
import { type Clock, errorMessage, type Logger } from '@socmate/runtime';
import type { Attempt, SendAttempt } from './attempt.ts';
import { attemptMade, deliveryPutBack, endpointDisabled } from './delivery-events.ts';
import { nextState } from './next-state.ts';
import type { Recorder } from './recorder.ts';
import type { Target, Targets } from './targets.ts';

const INTERNAL_FAULT_DELAY_MS = 30_000;

export interface DeliverDeps {
  readonly health: Pick<EndpointHealth, 'disable'>;
  readonly ownership: Pick<Ownership, 'isAlive'>;
  readonly targets: Targets;
  readonly send: SendAttempt;
  readonly recorder: Pick<Recorder, 'settle' | 'putBack'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Told when an endpoint has a retry due, in milliseconds from now. */
  readonly onRetry: (endpointId: string, delayMs: number) => void;
}

/** Attempts one claimed delivery and hands what came of it to the recorder; resolves when the answer is in, and acted upon. */
export type Deliver = (
  delivery: ClaimedDelivery,
  cancel: AbortSignal,
  wakeUp: SpanContext | undefined,
) => Promise<void>;

export function createDeliver(deps: DeliverDeps): Deliver {
  const { health, ownership, targets, send, recorder, clock, random, log, onRetry } = deps;

  const disable = async ({ id: endpointId, urlSealed }: Target, reason: string): Promise<void> => {
    try {
      if (await health.disable(endpointId, reason, urlSealed)) endpointDisabled(log, endpointId, reason);
    } catch (err) {
      log.error({ err, endpointId }, 'endpoint could not be disabled');
    }
  };

  const settle = async (delivery: ClaimedDelivery, target: Target, attempt: Attempt): Promise<void> => {
    const { fault: _fault, ...logged } = attempt;
    const number = delivery.attemptsCount + 1;
    const tried = number - delivery.scheduleStart;
    const circumstances = { number: tried, scheduleS: target.retryScheduleS, now: clock.now(), random };
    const { next, disableReason } = nextState(attempt, circumstances);
    const { id: deliveryId, endpointId, lease } = delivery;
    recorder.settle({ deliveryId, endpointId, lease, number, ...logged, next });
    attemptMade(log, delivery, attempt, next);
    if (next.status === 'pending') onRetry(endpointId, next.delayMs);
    if (disableReason !== undefined) await disable(target, disableReason);
  };

  return async (delivery, cancel, wakeUp) => {
    if (cancel.aborted || !ownership.isAlive()) return recorder.putBack(delivery, 0);
    const target = targets.of(delivery.endpointId);
    if (target instanceof Error) {
      deliveryPutBack(log, delivery, errorMessage(target.cause ?? target));
      return recorder.putBack(delivery, INTERNAL_FAULT_DELAY_MS);
    }
    const attempt = await send({ delivery, target, wakeUp }, cancel);
    if (attempt.outcome !== 'internal') return settle(delivery, target, attempt);
    if (cancel.aborted || !ownership.isAlive()) return recorder.putBack(delivery, 0);
    deliveryPutBack(log, delivery, attempt.fault);
    recorder.putBack(delivery, INTERNAL_FAULT_DELAY_MS);
  };
}
