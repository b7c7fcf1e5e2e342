import { expect, test } from '@jest/globals';
import { instantAt, laterThan, parseDuration, parseInstant, resolveTimes } from './times.ts';

test.each([
  ['2021-05-24T14:57:40.4174809Z', '2021-05-24T14:57:40.4174809Z'],
  ['2019-01-01T13:15:30Z', '2019-01-01T13:15:30.0000000Z'],
  ['2024-06-26T11:07:02.5+02:00', '2024-06-26T09:07:02.5000000Z'],
])('%s is read to the 100 ns', (text, instant) => {
  expect(parseInstant(text)).toBe(instant);
});

test.each(['', 'yesterday', '2024-01-01', '2024-01-01T00:00:00', '2024-13-01T00:00:00Z', '-PT40M'])(
  '%p is no instant',
  (text) => {
    expect(parseInstant(text)).toBeUndefined();
  },
);

test.each([
  ['-PT40M', -2_400_000],
  ['P1DT2H', 93_600_000],
  ['PT0.5S', 500],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['P', 'PT', 'P1M', 'P1Y', '-P1W', '40M', 'PT-1H'])('%p is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('a change is always later than what it changes', () => {
  const before = '2024-01-01T00:00:00.9999999Z';
  expect(laterThan(before, instantAt(0))).toBe('2024-01-01T00:00:01.0000000Z');
  expect(laterThan('2024-01-01T00:00:00.1230009Z', instantAt(0))).toBe('2024-01-01T00:00:00.1230010Z');
});

test('durations resolve however deep they lie, and nothing else changes', () => {
  const value = { a: ['-PT1M', 'P is not one'], b: { c: '-P1D', d: null, e: 3 } };
  expect(resolveTimes(value, new Date('2024-05-02T00:00:00Z'))).toEqual({
    a: ['2024-05-01T23:59:00.0000000Z', 'P is not one'],
    b: { c: '2024-05-01T00:00:00.0000000Z', d: null, e: 3 },
  });
});
