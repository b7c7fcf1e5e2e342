import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.ts';

export interface Timer {
  /** Runs the task at once instead of at the next tick; a tick that is running is followed by one more. */
  poke(): void;
  /** Stops ticking, aborts the running tick's signal and waits for it. */
  close(): Promise<void>;
}

/**
 * Runs `task` every `intervalMs` after the end of its last run, never twice at once.
 * A task that throws is logged and runs again at its next tick: due rows wait.
 */
export function startTimer(
  name: string,
  intervalMs: number,
  log: Logger,
  task: (signal: AbortSignal) => Promise<void>,
): Timer {
  const stop = new AbortController();
  let wake = new AbortController();

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      try {
        await task(stop.signal);
      } catch (err) {
        if (!stop.signal.aborted) log.error({ err, timer: name }, 'timer task failed');
      }
      const woken = AbortSignal.any([stop.signal, wake.signal]);
      await delay(intervalMs, undefined, { signal: woken }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    poke: () => wake.abort(),
    close: async () => {
      stop.abort();
      await running;
    },
  };
}
