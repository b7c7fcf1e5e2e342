import { expect, test } from '@jest/globals';
import { parseDuration, parseTimespan } from './timespan.ts';

const now = new Date('2026-03-31T12:00:00.000Z');
const spanOf = (text: string) => {
  const span = parseTimespan(text, now);
  return typeof span === 'string' ? span : [span.from.toISOString(), span.to?.toISOString() ?? null];
};

test.each([
  ['P7D', '2026-03-24T12:00:00.000Z'],
  ['p1w', '2026-03-24T12:00:00.000Z'],
  ['PT90M', '2026-03-31T10:30:00.000Z'],
  ['PT0.5S', '2026-03-31T11:59:59.500Z'],
  ['P1DT12H', '2026-03-30T00:00:00.000Z'],
  ['P1M', '2026-02-28T12:00:00.000Z'],
  ['P1Y', '2025-03-31T12:00:00.000Z'],
])('the duration %s reaches back from now and has no end', (text, from) => {
  expect(spanOf(text)).toEqual([from, null]);
});

test.each([
  ['2026-01-01T00:00:00Z/2026-01-02T00:00:00Z', '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'],
  ['2026-01-01/2026-01-02', '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'],
  ['2026-01-01T01:00:00+01:00/2026-01-01T03:00', '2026-01-01T00:00:00.000Z', '2026-01-01T03:00:00.000Z'],
  ['2026-01-01T00:00:00.1234567Z/P1D', '2026-01-01T00:00:00.123Z', '2026-01-02T00:00:00.123Z'],
  ['PT1H/2026-01-01T01:00:00Z', '2026-01-01T00:00:00.000Z', '2026-01-01T01:00:00.000Z'],
])('the interval %s is read', (text, from, to) => {
  expect(spanOf(text)).toEqual([from, to]);
});

test.each([
  '',
  'P',
  'PT',
  'P1H',
  '7D',
  'P0D',
  'P-1D',
  'P200Y',
  'P1D/P1D',
  'P7D/',
  '/',
  'a/b/c',
  'last week',
  '2026-01-02/2026-01-01',
  '2026-01-01/2026-01-01',
  '2026-02-30/2026-03-01',
  '2026-13-01/2026-14-01',
  '2026-01-01T25:00:00Z/2026-01-02',
  '2026-01-01T00:00:00Z',
])('%j is refused with a sentence', (text) => {
  expect(typeof spanOf(text)).toBe('string');
});

test('a duration of more than a century is none, however it is written', () => {
  expect(parseDuration('PT999999999S')).toBeDefined();
  expect(parseDuration('PT999999999H')).toBeUndefined();
  expect(parseDuration('P999999Y')).toBeUndefined();
});
