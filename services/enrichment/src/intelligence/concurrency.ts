/** Runs no more than so many at a time, the others in the order in which they came. */
export type Concurrency = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

export function createConcurrency(limit: number): Concurrency {
  const waiting = new Set<() => void>();
  let running = 0;
  const next = (): void => {
    const [first] = waiting;
    if (first === undefined) running -= 1;
    else first();
  };
  return async (signal, work) => {
    if (running < limit) running += 1;
    else await turn(waiting, signal);
    try {
      return await work();
    } finally {
      next();
    }
  };
}

function turn(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (): void => {
    waiting.delete(begin);
    reject(signal.reason as Error);
  };
  const begin = (): void => {
    waiting.delete(begin);
    signal.removeEventListener('abort', giveUp);
    resolve();
  };
  waiting.add(begin);
  signal.addEventListener('abort', giveUp, { once: true });
  return promise;
}
