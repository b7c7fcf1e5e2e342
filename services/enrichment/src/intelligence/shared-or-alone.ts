import { type Clock, errorMessage, type Logger } from '@socmate/runtime';

/** Does what replicas share, or, while Redis is away, what one does alone. */
export type SharedOrAlone = <T>(shared: () => Promise<T>, alone: () => Promise<T> | T) => Promise<T>;

const LEFT_ALONE_MS = 1_000;

/** A Redis that did not answer is not asked again for a second, so that one that hangs costs little. */
export function createSharedOrAlone(clock: Clock, log: Logger): SharedOrAlone {
  let awayUntil = 0;
  let isAway = false;
  return async (shared, alone) => {
    if (clock.now().getTime() < awayUntil) return alone();
    try {
      const result = await shared();
      if (isAway) log.info('redis is back, lookups are shared again');
      isAway = false;
      return result;
    } catch (fault) {
      if (!isAway)
        log.warn({ reason: errorMessage(fault) }, 'redis is away, lookups are neither cached nor shared');
      isAway = true;
      awayUntil = clock.now().getTime() + LEFT_ALONE_MS;
      return alone();
    }
  };
}
