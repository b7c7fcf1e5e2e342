import type { Clock } from '@socmate/runtime';

/** What took less is counted anew each time. */
const CHEAP_MS = 10;
/** A count is kept for as many times as long as it took, so that counting takes but a small share of the time. */
const KEPT_FACTOR = 100;
const KEPT_MAX_MS = 30_000;
const ENTRIES_MAX = 1_000;

export interface CountCache {
  /** Counts once for all who ask at the same time, and for who asks soon after where counting was slow. */
  count(key: string, count: () => Promise<number>): Promise<number>;
}

interface Entry {
  readonly counted: Promise<number>;
  /** Infinite while it is being counted. */
  untilMs: number;
}

export function createCountCache(clock: Clock): CountCache {
  const entries = new Map<string, Entry>();
  const nowMs = (): number => clock.now().getTime();

  function counting(key: string, count: () => Promise<number>): Promise<number> {
    const beganMs = nowMs();
    const entry: Entry = { counted: count(), untilMs: Number.POSITIVE_INFINITY };
    if (entries.size >= ENTRIES_MAX) entries.clear();
    entries.set(key, entry);
    const onCounted = (): void => {
      const tookMs = nowMs() - beganMs;
      const keptMs = tookMs < CHEAP_MS ? 0 : Math.min(tookMs * KEPT_FACTOR, KEPT_MAX_MS);
      entry.untilMs = nowMs() + keptMs;
    };
    entry.counted.then(onCounted, () => entries.delete(key));
    return entry.counted;
  }

  return {
    count: (key, count) => {
      const known = entries.get(key);
      return known && nowMs() < known.untilMs ? known.counted : counting(key, count);
    },
  };
}
