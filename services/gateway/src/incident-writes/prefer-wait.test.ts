import { expect, test } from '@jest/globals';
import { preferredWaitS } from './prefer-wait.ts';

test.each([
  [undefined, 15],
  ['', 15],
  ['return=minimal', 15],
  ['wait=0', 0],
  ['WAIT = 20', 20],
  ['return=minimal, wait="60"', 60],
  ['respond-async', 0],
  ['respond-async, wait=3', 3],
  ['wait=3; foo', 3],
])('Prefer: %s waits %d s', (header, seconds) => {
  expect(preferredWaitS(header)).toBe(seconds);
});

test.each(['wait', 'wait=', 'wait=61', 'wait=-1', 'wait=1.5', 'wait=soon', 'wait=99999'])(
  'Prefer: %s is refused at its header',
  (header) => {
    expect(() => preferredWaitS(header)).toThrow(/whole seconds from 0 to 60/);
  },
);
