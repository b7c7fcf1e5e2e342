import type { Clock } from '@socmate/runtime';
import { ArmError } from './arm-error.ts';

const READS = 100;
const WINDOW_MS = 300_000;

/** Alert and entity reads: 100 in any five minutes, per subscription. */
export interface ReadQuota {
  take(subscriptionId: string): void;
  clear(): void;
}

export function createReadQuota(clock: Clock, isEnforced: boolean): ReadQuota {
  const taken = new Map<string, number[]>();
  return {
    clear: () => taken.clear(),
    take: (subscriptionId) => {
      if (!isEnforced) return;
      const now = clock.now().getTime();
      const recent = (taken.get(subscriptionId) ?? []).filter((at) => at > now - WINDOW_MS);
      taken.set(subscriptionId, recent);
      const [oldest] = recent;
      if (oldest === undefined || recent.length < READS) {
        recent.push(now);
        return;
      }
      const retryAfterS = Math.max(1, Math.ceil((oldest + WINDOW_MS - now) / 1_000));
      throw tooManyRequests(retryAfterS);
    },
  };
}

export const tooManyRequests = (retryAfterS: number): ArmError =>
  new ArmError(
    429,
    'TooManyRequests',
    `The request is being throttled as the limit has been reached for operation. Try again after '${retryAfterS}' seconds.`,
    { 'retry-after': String(retryAfterS) },
  );
