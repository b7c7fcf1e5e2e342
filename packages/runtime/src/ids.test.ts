import { expect, test } from '@jest/globals';
import { createIds } from './ids.ts';

test('ids carry their prefix, are unique, and sort in the order of their making', () => {
  const ids = createIds();
  const made = Array.from({ length: 10_000 }, () => ids.next('evt'));
  expect(made[0]).toMatch(/^evt_[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(new Set(made).size).toBe(made.length);
  expect(made.toSorted()).toEqual(made);
});

test('two makers in one moment do not collide', () => {
  const [one, other] = [createIds(), createIds()];
  const made = Array.from({ length: 1_000 }, () => [one.next('dlv'), other.next('dlv')]).flat();
  expect(new Set(made).size).toBe(made.length);
});
