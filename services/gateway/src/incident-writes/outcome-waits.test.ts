import { expect, test } from '@jest/globals';
import { createOutcomeWaits, pauses } from './outcome-waits.ts';

const waitMs = 60_000;
const still = new AbortController().signal;
const pending = () => Promise.resolve({ status: 'pending' });

test('a change is read until it has ended', async () => {
  const statuses = ['pending', 'pending', 'applied'];
  const read = () => Promise.resolve({ status: statuses.shift() ?? 'read once too often' });
  expect(await createOutcomeWaits()(read, { waitMs, signal: still })).toEqual({ status: 'applied' });
});

test.each([20, 100])('what ends is seen soon after, with few looks, beginning after %i ms', (firstMs) => {
  let elapsedMs = 0;
  let looks = 0;
  for (const pauseMs of pauses(firstMs)) {
    if (elapsedMs > waitMs) break;
    expect(pauseMs).toBeLessThanOrEqual(Math.min(firstMs + 0.15 * elapsedMs + 0.001, 1_000));
    elapsedMs += pauseMs;
    looks += 1;
  }
  expect(looks).toBeLessThan(90);
});

test('a change that takes longer than it is waited for is told as it is', async () => {
  expect(await createOutcomeWaits()(pending, { waitMs: 20, signal: still })).toEqual({ status: 'pending' });
});

test('nobody waits for a caller that is gone', async () => {
  const caller = new AbortController();
  const read = (): Promise<{ status: string }> => {
    setImmediate(() => caller.abort());
    return pending();
  };
  const begun = performance.now();
  await createOutcomeWaits()(read, { waitMs, signal: caller.signal });
  expect(performance.now() - begun).toBeLessThan(waitMs / 2);
});

test('who comes when too many wait is told at once, and who comes after them waits again', async () => {
  const outcomeOf = createOutcomeWaits(1);
  const caller = new AbortController();
  let answer = 'pending';
  const read = () => Promise.resolve({ status: answer });
  const first = outcomeOf(read, { waitMs, signal: caller.signal });
  expect(await outcomeOf(read, { waitMs, signal: still })).toEqual({ status: 'pending' });
  caller.abort();
  await first;
  const third = outcomeOf(read, { waitMs, signal: still });
  answer = 'applied';
  expect(await third).toEqual({ status: 'applied' });
});
