import type { Clock } from '@socmate/runtime';

/** A clock that can be set ahead or back: by so much it differs from the one below it. */
export interface MovableClock extends Clock {
  readonly offsetMs: number;
  move(offsetMs: number): void;
}

export function createMovableClock(base: Clock): MovableClock {
  let offsetMs = 0;
  return {
    get offsetMs() {
      return offsetMs;
    },
    now: () => new Date(base.now().getTime() + offsetMs),
    move: (wantedMs) => {
      offsetMs = wantedMs;
    },
  };
}
