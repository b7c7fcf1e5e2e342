import { setTimeout as delay } from 'node:timers/promises';
import { stopRecorded } from './process-records.ts';
import { whenAborted } from './stop-signals.ts';

/** Waits for a start-up; once it is given up, ends what it has started, over and over, until it comes to an end. */
export async function unlessGivenUp<T>(
  starting: Promise<T>,
  records: string,
  givenUp: AbortSignal,
): Promise<T> {
  const settled = starting.then(
    () => true,
    () => true,
  );
  await Promise.race([settled, whenAborted(givenUp)]);
  while (givenUp.aborted && !(await Promise.race([settled, delay(100, false)])))
    await stopRecorded(records, { graceMs: 1_000 });
  return starting;
}
