import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import { writesDue } from './write-back-events.ts';
import type { WriteRunner } from './write-back-runner.ts';

const INTERVAL_MS = 1_000;
const LIMIT = 100;
const LANES = 4;

export interface DueWritesDeps {
  readonly queue: string;
  readonly due: (limit: number) => Promise<readonly { readonly key: string; readonly lagMs: number }[]>;
  readonly runner: WriteRunner;
  readonly log: Logger;
}

/** Makes the writes whose wake-up was lost, whose time to wait is over, or whose worker died; needs no Redis. */
export function startDueWrites({ queue, due, runner, log }: DueWritesDeps): Timer {
  const run = (key: string): Promise<void> =>
    runner.run(key).catch((err: unknown) => log.error({ err, queue, key }, 'write to sentinel ended badly'));
  return startTimer(`due ${queue}`, INTERVAL_MS, log, async () => {
    await runner.freeLost();
    const found = await due(LIMIT);
    writesDue(queue, Math.max(0, ...found.map(({ lagMs }) => lagMs)));
    const keys = found.map(({ key }) => key).values();
    const lane = async (): Promise<void> => {
      for (const key of keys) await run(key);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  });
}
