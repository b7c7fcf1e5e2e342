import { AppError } from '@socmate/runtime';

/** A Redis that hangs counts as away. */
export async function withinTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => reject(new AppError('unavailable', 'Redis does not answer')), timeoutMs);
  });
  // One that comes to nothing after the timeout has nobody to tell.
  work.catch(() => undefined);
  return Promise.race([work, late]).finally(() => clearTimeout(timeout));
}
