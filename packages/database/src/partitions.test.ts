import { expect, test } from '@jest/globals';
import { isPastRetention } from './partitions.ts';

const now = new Date('2026-05-31T12:00:00Z');

test.each([
  ['delivery_attempt_2026_03', 30, true],
  ['delivery_attempt_2026_04', 30, true],
  ['delivery_attempt_2026_04', 31, false],
  ['delivery_attempt_2026_05', 0, false],
  ['delivery_attempt_2025_12', 400, false],
  ['delivery_attempt_2025_12', 151, false],
  ['delivery_attempt_2025_12', 150, true],
  ['delivery_attempt_default', 0, false],
])('%s with %i days of retention: past it is %s', (partition, days, isPast) => {
  expect(isPastRetention(partition, days, now)).toBe(isPast);
});
