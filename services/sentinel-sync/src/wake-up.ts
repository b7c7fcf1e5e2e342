import { AppError } from '@socmate/runtime';

const TIMEOUT_MS = 1_000;

/** Bounds a wake-up's add: a Redis that hangs counts as away. Nothing is lost, since timers find the rows. */
export async function withinReason(add: Promise<void>): Promise<void> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => reject(new AppError('unavailable', 'Redis does not answer')), TIMEOUT_MS);
  });
  // One that comes to nothing after the timeout has nobody to tell.
  add.catch(() => undefined);
  return Promise.race([add, late]).finally(() => clearTimeout(timeout));
}
