import type { DueWrite } from '@socmate/database';
import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import { writesDue } from './write-back-events.ts';
import type { WriteRunner } from './write-back-runner.ts';

const INTERVAL_MS = 1_000;
/** Of each workspace. */
const LIMIT = 25;
const LANES = 4;

export interface DueWritesDeps {
  readonly queue: string;
  readonly due: (limitEach: number) => Promise<readonly DueWrite[]>;
  readonly runner: Pick<WriteRunner, 'run' | 'freeLost'>;
  readonly log: Logger;
}

/**
 * Makes the writes whose wake-up was lost, whose time to wait is over, or whose worker died; needs no Redis. Each
 * workspace has lanes of its own: one that hangs holds up no other.
 */
export function startDueWrites({ queue, due, runner, log }: DueWritesDeps): Timer {
  const busy = new Set<string>();
  const run = (key: string): Promise<void> =>
    runner.run(key).catch((err: unknown) => log.error({ err, queue, key }, 'write to sentinel ended badly'));
  const write = async (providerId: string, found: readonly DueWrite[]): Promise<void> => {
    busy.add(providerId);
    const keys = found.map(({ key }) => key).values();
    const lane = async (): Promise<void> => {
      for (const key of keys) await run(key);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    busy.delete(providerId);
  };
  return startTimer(`due ${queue}`, INTERVAL_MS, log, async () => {
    await runner.freeLost();
    const found = await due(LIMIT);
    writesDue(queue, Math.max(0, ...found.map(({ lagMs }) => lagMs)));
    for (const [providerId, ofIt] of Map.groupBy(found, (one) => one.providerId))
      if (!busy.has(providerId)) void write(providerId, ofIt);
  });
}
