import { expect, test } from '@jest/globals';
import { modifiedSince } from './sync-window.ts';

const claimedAt = new Date('2026-11-22T12:00:00Z');
const since = (watermark: string | null, firstWindow = 'P7D'): string =>
  modifiedSince({ watermark: watermark ? new Date(watermark) : null, firstWindow, claimedAt }).toISOString();

test('the first sync reaches back by the first window', () => {
  expect(since(null)).toBe('2026-11-15T12:00:00.000Z');
  expect(since(null, 'P10Y')).toBe('2016-11-22T12:00:00.000Z');
});

test('a first window that cannot be read counts as a week', () => {
  expect(since(null, 'a while')).toBe('2026-11-15T12:00:00.000Z');
});

test('later syncs begin a few minutes before the watermark, however long ago that was', () => {
  expect(since('2026-11-01T00:05:00Z', 'P1D')).toBe('2026-11-01T00:00:00.000Z');
});
