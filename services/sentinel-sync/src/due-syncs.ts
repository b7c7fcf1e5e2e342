import type { syncProvider } from '@socmate/contracts';
import type { ProviderSyncs } from '@socmate/database';
import type { WakeUps } from '@socmate/queue';
import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import { syncsDue } from './events.ts';
import type { ExclusiveRuns } from './exclusive-runs.ts';

const INTERVAL_MS = 1_000;
const LIMIT = 100;

/** How many ticks a wake-up may go unanswered before this replica syncs the workspace itself. */
const PATIENCE = 2;

export interface DueSyncsDeps {
  readonly syncs: Pick<ProviderSyncs, 'due'>;
  readonly runner: ExclusiveRuns;
  readonly wakeUps: Pick<WakeUps<typeof syncProvider.payload>, 'wake'>;
  readonly log: Logger;
}

/**
 * Wakes the sync of every workspace that is due. Where the queue does not answer, because Redis is away or holds the
 * job of a worker that died, this replica syncs it without.
 */
export function startDueSyncs({ syncs, runner, wakeUps, log }: DueSyncsDeps): Timer {
  let ticksDue = new Map<string, number>();
  const runHere = (providerId: string): void => {
    if (!runner.hasRoom) return;
    runner.run(providerId).catch((err: unknown) => log.error({ err, providerId }, 'sync ended badly'));
  };
  const wake = async (providerId: string): Promise<void> => {
    if ((ticksDue.get(providerId) ?? 0) > PATIENCE) return runHere(providerId);
    if (!(await wakeUps.wake({ providerId }))) runHere(providerId);
  };
  return startTimer('due-syncs', INTERVAL_MS, log, async () => {
    await runner.freeLost();
    const due = await syncs.due(LIMIT);
    syncsDue(Math.max(0, ...due.map(({ lagMs }) => lagMs)));
    ticksDue = new Map(due.map(({ id }) => [id, (ticksDue.get(id) ?? 0) + 1]));
    await Promise.all(due.map(({ id }) => wake(id)));
  });
}
