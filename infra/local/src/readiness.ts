import { setTimeout as delay } from 'node:timers/promises';
import { LaunchError } from './launch-error.ts';
import { type ManagedProcess, type ProcessOptions, startProcess } from './managed-process.ts';

/** Starts a process and waits for the line that says it is ready; a process that ends before that is a fault. */
export async function startUntilLine(
  options: ProcessOptions,
  isReady: (line: string) => boolean,
  timeoutMs = 60_000,
): Promise<ManagedProcess> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onLine = (line: string) => {
    if (isReady(line)) resolve();
    options.onLine?.(line);
  };
  const running = await startProcess({ ...options, onLine });
  await orFault(running, promise, timeoutMs);
  return running;
}

/** Waits until a URL answers 2xx; a process that ends before that is a fault. */
export async function untilAnswers(running: ManagedProcess, url: string, timeoutMs = 60_000): Promise<void> {
  const over = new AbortController();
  await orFault(running, poll(url, over.signal), timeoutMs).finally(() => over.abort());
}

async function poll(url: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const answer = await fetch(url, { signal: AbortSignal.any([over, AbortSignal.timeout(2_500)]) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await delay(50);
  }
}

async function orFault(running: ManagedProcess, ready: Promise<void>, timeoutMs: number): Promise<void> {
  const over = new AbortController();
  const ended = running.exited.then((how) => `it ended with ${how}`);
  const late = delay(timeoutMs, `it was not ready after ${timeoutMs / 1_000} s`, {
    signal: over.signal,
    ref: false,
  });
  late.catch(() => undefined);
  const fault = await Promise.race([ready, ended, late]).finally(() => over.abort());
  if (typeof fault !== 'string') return;
  await running.kill();
  const said = running.lastLines().slice(-12).join('\n  ');
  throw new LaunchError(`${running.name} does not start: ${fault}. It said:\n  ${said}`);
}
