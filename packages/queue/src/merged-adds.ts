import { AsyncLocalStorage } from 'node:async_hooks';

type Add<P> = (payload: P) => Promise<void>;

interface Batch<P> {
  readonly payloads: P[];
  readonly added: Promise<void>;
  readonly send: () => void;
}

/** Adds at once; what comes while one add is under way goes out as one payload when that has ended, well or not. */
export function mergeAdds<P>(add: Add<P>, merge: (payloads: readonly P[]) => P): Add<P> {
  let isBusy = false;
  let waiting: Batch<P> | undefined;
  const send = async (payload: P): Promise<void> => {
    isBusy = true;
    try {
      await add(payload);
    } finally {
      isBusy = false;
      waiting?.send();
    }
  };
  const openBatch = (): Batch<P> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const payloads: P[] = [];
    // It belongs to the trace of the first that waits for it, not of the add that it waits for.
    const sendBatch = AsyncLocalStorage.bind(() => {
      waiting = undefined;
      resolve(send(merge(payloads)));
    });
    return { payloads, added: promise, send: sendBatch };
  };
  return (payload) => {
    if (!isBusy) return send(payload);
    waiting ??= openBatch();
    waiting.payloads.push(payload);
    return waiting.added;
  };
}
