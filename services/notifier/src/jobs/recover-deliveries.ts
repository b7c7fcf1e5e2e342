import type { RecoverDeliveries } from '@socmate/contracts';
import type { Timer } from '@socmate/runtime';

/** Safe to lose and to run twice: it only says that there is work, which the rows describe. */
export function createRecoverDeliveries({ recoveries }: { recoveries: Pick<Timer, 'poke'> }) {
  return async (_recovery: RecoverDeliveries): Promise<void> => recoveries.poke();
}
