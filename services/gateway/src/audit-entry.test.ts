import { expect, test } from '@jest/globals';
import { changedFields } from './audit-entry.ts';

test('of two states only what differs is kept, lists compared by what they hold', () => {
  const before = { name: 'a', tags: ['x'], enabled: true };
  expect(changedFields(before, { name: 'b', tags: ['x'], enabled: true })).toEqual({
    before: { name: 'a' },
    after: { name: 'b' },
  });
  expect(changedFields(before, { ...before, tags: ['x', 'y'] })).toEqual({
    before: { tags: ['x'] },
    after: { tags: ['x', 'y'] },
  });
  expect(changedFields(before, { ...before })).toEqual({ before: {}, after: {} });
});
