import type { Clock } from '@socmate/runtime';
import { ArmError } from './arm-error.ts';

const READS = 100;
const WRITES = 75;
const WINDOW_MS = 300_000;

/** Azure's documented limits in any five minutes, per subscription: 100 alert or entity reads, 75 incident writes. */
export interface Quotas {
  takeRead(subscriptionId: string): void;
  takeWrite(subscriptionId: string): void;
  clear(): void;
}

export const tooManyRequests = (retryAfterS: number): ArmError =>
  new ArmError(
    429,
    'TooManyRequests',
    `The request is being throttled as the limit has been reached for operation. Try again after '${retryAfterS}' seconds.`,
    { 'retry-after': String(retryAfterS) },
  );

function createQuota(clock: Clock, limit: number) {
  const taken = new Map<string, number[]>();
  return {
    clear: () => taken.clear(),
    take: (subscriptionId: string): void => {
      const now = clock.now().getTime();
      const recent = (taken.get(subscriptionId) ?? []).filter((at) => at > now - WINDOW_MS);
      taken.set(subscriptionId, recent);
      const [oldest] = recent;
      if (oldest === undefined || recent.length < limit) {
        recent.push(now);
        return;
      }
      throw tooManyRequests(Math.max(1, Math.ceil((oldest + WINDOW_MS - now) / 1_000)));
    },
  };
}

export function createQuotas(clock: Clock, isEnforced: boolean): Quotas {
  const reads = createQuota(clock, READS);
  const writes = createQuota(clock, WRITES);
  return {
    takeRead: (subscriptionId) => {
      if (isEnforced) reads.take(subscriptionId);
    },
    takeWrite: (subscriptionId) => {
      if (isEnforced) writes.take(subscriptionId);
    },
    clear: () => {
      reads.clear();
      writes.clear();
    },
  };
}
