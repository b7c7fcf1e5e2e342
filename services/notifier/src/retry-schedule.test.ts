import { expect, test } from '@jest/globals';
import {
  DEFAULT_RETRY_SCHEDULE_S,
  parseRetryAfter,
  parseRetrySchedule,
  retryDelayMs,
} from './retry-schedule.ts';

const DAY_MS = 86_400_000;
const now = new Date('2026-11-22T14:00:00.000Z');

test('by default a delivery is attempted 12 times over about 76 hours', () => {
  const steps = DEFAULT_RETRY_SCHEDULE_S;
  expect(1 + steps.length).toBe(12);
  const hours = steps.reduce((sum, step) => sum + step, 0) / 3_600;
  expect(hours).toBeGreaterThan(75);
  expect(hours).toBeLessThan(77);
  expect(parseRetrySchedule('5s,30s,2m,10m,30m,2h,5h,10h,14h,20h,24h')).toEqual(steps);
});

test('a delay is its step with 0 to 20 % on top, and never below the step', () => {
  expect(retryDelayMs([5, 30], 1, () => 0)).toBe(5_000);
  expect(retryDelayMs([5, 30], 1, () => 0.5)).toBe(5_500);
  expect(retryDelayMs([5, 30], 2, () => 0.999_999)).toBe(36_000);
});

test('after the last step there is no delay: the delivery has ended', () => {
  expect(retryDelayMs([5, 30], 3, () => 0)).toBeUndefined();
  expect(retryDelayMs([], 1, () => 0)).toBeUndefined();
});

test('steps are seconds or durations, blanks around them allowed', () => {
  expect(parseRetrySchedule('5, 30s ,2m,1.5h')).toEqual([5, 30, 120, 5_400]);
  expect(parseRetrySchedule('86400')).toEqual([86_400]);
});

test.each([
  ['', ''],
  ['5s,,30s', ''],
  ['5s,soon', 'soon'],
  ['-5', '-5'],
  ['0', '0'],
  ['5d', '5d'],
  ['25h', '25h'],
  ['86401', '86401'],
  ['1e3', '1e3'],
  ['5 s', '5 s'],
])('the schedule "%s" is refused, naming the step "%s"', (text, step) => {
  expect(() => parseRetrySchedule(text)).toThrow(`retry step "${step}"`);
});

test('a schedule has at most 20 steps', () => {
  expect(parseRetrySchedule(Array(20).fill('5s').join())).toHaveLength(20);
  expect(() => parseRetrySchedule(Array(21).fill('5s').join())).toThrow('at most 20 steps, not 21');
});

test.each([
  ['120', 120_000],
  [' 7 ', 7_000],
  ['Sun, 22 Nov 2026 14:01:30 GMT', 90_000],
  ['Sunday, 22-Nov-26 14:01:30 GMT', 90_000],
])('Retry-After of "%s" is %s ms from now', (header, ms) => {
  expect(parseRetryAfter(header, now)).toBe(ms);
});

test.each(['86401', '9'.repeat(30), '9'.repeat(400), 'Sun, 22 Nov 2099 14:00:00 GMT'])(
  'Retry-After of "%s" is capped at 24 hours',
  (header) => {
    expect(parseRetryAfter(header, now)).toBe(DAY_MS);
  },
);

test.each([
  undefined,
  '',
  '0',
  '-5',
  '1.5',
  '120s',
  '120, 120',
  'soon',
  'in 30 seconds',
  'after 2099',
  '2099-01-01T00:00:00Z',
  'Sun, 22 Nov 2026 13:59:59 GMT',
  'Xxx, 99 Xxx 2099 99:99:99 GMT',
])('Retry-After of %j, missing, past or malformed, counts for nothing', (header) => {
  expect(parseRetryAfter(header, now)).toBeUndefined();
});
