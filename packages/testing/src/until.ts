import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the answer is truthy, or fails naming what was waited for. */
export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  { timeoutMs = 15_000, everyMs = 20 } = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await delay(everyMs);
  }
}
