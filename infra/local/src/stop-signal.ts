/** A second signal sooner than this is the same Ctrl-C, come by another way (npm passes it on as well). */
const SAME_CTRL_C_MS = 800;

export interface StopSignal {
  /** Aborted at the first wish to stop. */
  readonly wanted: AbortSignal;
}

/** Ctrl-C, SIGTERM, a closed terminal or a starter that is gone; a second Ctrl-C calls `force`. */
export function listenForStop(force: () => void): StopSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const stop = () => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      controller.abort();
    } else if (performance.now() - firstAt > SAME_CTRL_C_MS) force();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.stdout.on('error', () => controller.abort());
  if (process.channel) {
    process.channel.unref();
    process.once('disconnect', () => controller.abort());
  }
  return { wanted: controller.signal };
}

/** Resolves once stopping is wanted. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
