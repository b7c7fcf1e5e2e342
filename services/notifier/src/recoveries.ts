import { setTimeout as delay } from 'node:timers/promises';
import type { RecoverySteps } from '@socmate/database';
import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import type { DeliveryLoop } from './delivery-loop.ts';
import { recoveryEnded, recoveryStepped } from './recovery-events.ts';

const INTERVAL_MS = 1_000;

interface RecoveriesDeps {
  readonly steps: RecoverySteps;
  readonly loop: Pick<DeliveryLoop, 'wake'>;
  readonly log: Logger;
}

/** Carries out every running recovery, step by step, beside the other notifiers; needs no Redis. */
export function startRecoveries({ steps, loop, log }: RecoveriesDeps): Timer {
  const stepAll = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const step = await steps.step();
      if (!step) return;
      if (step.released > 0) loop.wake([step.endpointId]);
      recoveryStepped(log, step);
      if (step.status !== 'running') recoveryEnded(log, step);
    }
  };
  return startTimer('recoveries', INTERVAL_MS, log, async (signal) => {
    for (;;) {
      await stepAll(signal);
      const waitMs = signal.aborted ? undefined : await steps.nextInMs();
      if (waitMs === undefined || waitMs > INTERVAL_MS) return;
      // At least a moment: one that is due may be in another notifier's hands, or wait for publishers.
      await delay(Math.max(waitMs, 20), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  });
}
