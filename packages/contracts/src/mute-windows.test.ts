import { expect, test } from '@jest/globals';
import { isMuted, MuteWindow } from './mute-windows.ts';

const muted = (given: object, at: string): boolean => isMuted([MuteWindow.parse(given)], new Date(at));

test.each([
  ['2026-11-22T09:59:59Z', false],
  ['2026-11-22T10:00:00Z', true],
  ['2026-11-22T11:59:59Z', true],
  ['2026-11-22T12:00:00Z', false],
])('a window that is given by its times holds from the first to before the last: %s %j', (at, expected) => {
  expect(muted({ from: '2026-11-22T11:00:00+01:00', until: '2026-11-22T12:00:00Z' }, at)).toBe(expected);
});

// 2026-11-21 is a Saturday.
test.each([
  ['2026-11-21T21:59:00Z', false],
  ['2026-11-21T22:00:00Z', true],
  ['2026-11-22T05:59:00Z', true],
  ['2026-11-22T06:00:00Z', false],
  ['2026-11-21T05:00:00Z', false],
  ['2026-11-22T23:00:00Z', false],
])('a window over midnight belongs to the day on which it begins: %s %j', (at, expected) => {
  expect(muted({ days: ['sat'], from: '22:00', until: '06:00' }, at)).toBe(expected);
});

test.each([
  ['2026-11-21T07:30:00Z', true],
  ['2026-11-21T09:30:00Z', false],
  // An hour earlier in summer.
  ['2026-07-18T06:30:00Z', true],
  ['2026-07-18T07:30:00Z', false],
])('days and times are those of the named zone, summer or winter: %s %j', (at, expected) => {
  expect(muted({ days: ['sat'], from: '08:00', until: '09:00', timezone: 'Europe/Berlin' }, at)).toBe(
    expected,
  );
});

test('a window whose ends are alike is a whole day', () => {
  const window = { days: ['sat'], from: '00:00', until: '00:00' };
  expect(muted(window, '2026-11-21T00:00:00Z')).toBe(true);
  expect(muted(window, '2026-11-21T23:59:59Z')).toBe(true);
  expect(muted(window, '2026-11-22T00:00:00Z')).toBe(false);
});

test.each([
  [{ from: '2026-11-22T12:00:00Z', until: '2026-11-22T12:00:00Z' }],
  [{ days: [], from: '08:00', until: '09:00' }],
  [{ days: ['sat'], from: '8:00', until: '09:00' }],
  [{ days: ['sat'], from: '08:00', until: '24:00' }],
  [{ days: ['sat'], from: '08:00', until: '09:00', timezone: 'Mars/Olympus' }],
  [{ days: ['sat'], from: '08:00', until: '09:00', note: 'x' }],
  [{}],
])('%j is no window', (given) => {
  expect(MuteWindow.safeParse(given).success).toBe(false);
});
