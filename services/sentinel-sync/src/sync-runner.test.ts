import { expect, test } from '@jest/globals';
import { AppError } from '@socmate/runtime';
import { retryInS } from './sync-runner.ts';

const after = (consecutiveFailures: number, fault: unknown = new Error('x'), intervalS = 300): number =>
  retryInS({ consecutiveFailures, intervalS }, fault);

test('the wait doubles from five seconds up to the interval of the workspace', () => {
  expect([0, 1, 2, 5, 6, 7, 1_000].map((failures) => after(failures))).toEqual([
    5, 10, 20, 160, 300, 300, 300,
  ]);
  expect(after(10, undefined, 1)).toBe(5);
});

test('it is never shorter than Azure asks for', () => {
  const throttled = (retryAfterS: number) => new AppError('unavailable', 'throttled', { retryAfterS });
  expect(after(0, throttled(60))).toBe(60);
  expect(after(0, throttled(1))).toBe(5);
});
