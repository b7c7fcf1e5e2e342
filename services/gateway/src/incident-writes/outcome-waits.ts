import { setTimeout as delay } from 'node:timers/promises';

const FIRST_POLL_MS = 100;
const LAST_POLL_MS = 1_000;
const POLL_GROWTH = 1.15;
/** Beyond these, a caller is told at once that its change is under way. */
const WAITERS_MAX = 200;

interface Wait {
  readonly waitMs: number;
  /** Ends the wait, for nobody is there to hear of the outcome. */
  readonly signal: AbortSignal;
}

/** Reads a change until it has ended, or as long as it is waited for; answers what was read last. */
export type OutcomeWaits = <C extends { readonly status: string }>(
  read: () => Promise<C>,
  wait: Wait,
) => Promise<C>;

/** Milliseconds between two looks: what has ended is seen at most 15 % and the first of them later, and at most 1 s. */
export function* pauses(firstMs: number): Generator<number, never> {
  for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * POLL_GROWTH, LAST_POLL_MS)) yield pauseMs;
}

/** The state is in the row: whichever process made the change, and whether or not Redis told of it, it is seen here. */
export function createOutcomeWaits(waitersMax = WAITERS_MAX, firstPollMs = FIRST_POLL_MS): OutcomeWaits {
  let waiting = 0;
  return async (read, { waitMs, signal }) => {
    const deadline = performance.now() + (waiting < waitersMax ? waitMs : 0);
    const pause = pauses(firstPollMs);
    waiting += 1;
    try {
      for (;;) {
        const change = await read();
        const leftMs = deadline - performance.now();
        if (change.status !== 'pending' || leftMs <= 0 || signal.aborted) return change;
        const pauseMs = Math.min(pause.next().value, Math.max(1, leftMs));
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      waiting -= 1;
    }
  };
}
