import { expect, test } from '@jest/globals';
import { createdSince, modifiedSince, resumable } from './sync-window.ts';

const claimedAt = new Date('2026-11-22T12:00:00Z');
const since = (watermark: string | null, firstWindow = 'P7D'): string =>
  modifiedSince({ watermark: watermark ? new Date(watermark) : null, firstWindow, claimedAt });

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

test('a sync goes on where one stopped that began to read at the same time or earlier', () => {
  const unfinished = {
    since: '2026-11-15T00:00:00Z',
    top: '2026-11-22T11:00:00Z',
    reached: '2026-11-20T00:00:00Z',
  };
  expect(resumable(unfinished, '2026-11-15T12:00:00.000Z')).toBe(unfinished);
  expect(resumable(unfinished, '2026-11-01T00:00:00.000Z')).toBeUndefined();
  expect(resumable(null, '2026-11-01T00:00:00.000Z')).toBeUndefined();
});

test('a reconciliation compares nothing that the first window left out', () => {
  const provider = (connectedAt: string) => ({
    connectedAt: new Date(connectedAt),
    firstWindow: 'P7D',
    claimedAt,
  });
  expect(createdSince(provider('2026-01-01T00:00:00Z'), 'P30D')).toBe('2026-10-23T12:00:00.000Z');
  expect(createdSince(provider('2026-11-20T00:00:00Z'), 'P30D')).toBe('2026-11-13T00:00:00.000Z');
});
