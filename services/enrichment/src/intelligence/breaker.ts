import type { Clock } from '@socmate/runtime';

/** Whoever was let through says how it ended; `neither` where the provider was not reached for a reason of ours. */
type Settle = (end: 'success' | 'fault' | 'neither') => void;

/** Leaves a provider alone that fails again and again, and then tries it with one request. */
export interface Breaker {
  /** Undefined while the provider is to be left alone. */
  enter(): Settle | undefined;
}

interface BreakerOptions {
  readonly faultsMax: number;
  readonly openMs: number;
}

const DEFAULTS: BreakerOptions = { faultsMax: 5, openMs: 30_000 };

export function createBreaker(clock: Clock, { faultsMax, openMs } = DEFAULTS): Breaker {
  let faults = 0;
  let openedAt = 0;
  let isProbing = false;
  const settle: Settle = (end) => {
    isProbing = false;
    if (end === 'success') faults = 0;
    if (end !== 'fault') return;
    faults += 1;
    if (faults >= faultsMax) openedAt = clock.now().getTime();
  };
  return {
    enter: () => {
      if (faults < faultsMax) return settle;
      if (isProbing || clock.now().getTime() < openedAt + openMs) return undefined;
      isProbing = true;
      return settle;
    },
  };
}
