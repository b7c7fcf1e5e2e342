import { expect, test } from '@jest/globals';
import { isMask, maskSecret } from './mask-secret.ts';

test('of a secret its last four characters are shown, of a short one none', () => {
  expect(maskSecret('0123456789ab')).toBe('****89ab');
  expect(maskSecret('0123456789a')).toBe('****');
  expect(maskSecret('')).toBe('****');
});

test.each(['0123456789ab', 'short', '', '\u{1f511}'.repeat(20)])(
  '%j is told from what it is shown as',
  (secret) => {
    expect([isMask(secret), isMask(maskSecret(secret))]).toEqual([false, true]);
  },
);
