import { endStorms, type Pool } from '@socmate/database';
import { type Clock, type Ids, type Logger, startTimer, type Timer } from '@socmate/runtime';
import type { DeliveryLoop } from './delivery-loop.ts';

const INTERVAL_MS = 2_000;

interface StormTimerDeps {
  readonly pool: Pool;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly loop: Pick<DeliveryLoop, 'wake'>;
  readonly log: Logger;
}

/** Tells endpoints how many alerts of a rule were held back, once its five minutes are over. */
export function startStormTimer({ pool, ids, clock, loop, log }: StormTimerDeps): Timer {
  return startTimer('storms', INTERVAL_MS, log, async () => {
    const endpointIds = await endStorms(pool, { ids, clock });
    if (endpointIds.length > 0) loop.wake(endpointIds);
  });
}
