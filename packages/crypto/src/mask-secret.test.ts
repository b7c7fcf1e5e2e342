import { expect, test } from '@jest/globals';
import { maskSecret } from './mask-secret.ts';

test('of a secret its last four characters are shown, of a short one none', () => {
  expect(maskSecret('0123456789ab')).toBe('****89ab');
  expect(maskSecret('0123456789a')).toBe('****');
  expect(maskSecret('')).toBe('****');
});
