/** A second signal sooner than this is the same Ctrl-C, come by another way: npm passes it on as well. */
const SAME_CTRL_C_MS = 800;

export interface StopSignals {
  /** Aborted at the first wish to stop. */
  readonly wanted: AbortSignal;
  /** Aborted when it is wished again. */
  readonly forced: AbortSignal;
}

/** Ctrl-C, SIGTERM, a closed terminal, or a starter that is gone. */
export function listenForStop(): StopSignals {
  const wanted = new AbortController();
  const forced = new AbortController();
  let firstAt = 0;
  const stop = () => {
    if (!wanted.signal.aborted) {
      firstAt = performance.now();
      wanted.abort();
    } else if (performance.now() - firstAt > SAME_CTRL_C_MS) forced.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.stdout.on('error', () => wanted.abort());
  if (process.channel) {
    process.channel.unref();
    process.once('disconnect', () => wanted.abort());
  }
  return { wanted: wanted.signal, forced: forced.signal };
}

/** Resolves once a signal is aborted. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
