import { expect, test } from '@jest/globals';
import { percentile } from './percentile.ts';

const HUNDRED = Array.from({ length: 100 }, (_, position) => 100 - position);

test.each([
  [50, 50],
  [99, 99],
  [100, 100],
  [0, 1],
])('the %i th of a hundred values is %i, in whatever order they come', (percent, value) => {
  expect(percentile(HUNDRED, percent)).toBe(value);
});

test('of one value every percentile is that value, of none there is none', () => {
  expect([1, 50, 99].map((percent) => percentile([7], percent))).toEqual([7, 7, 7]);
  expect(percentile([], 50)).toBeNull();
});
