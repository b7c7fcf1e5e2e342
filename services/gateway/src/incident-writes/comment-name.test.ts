import { expect, test } from '@jest/globals';
import { commentName } from './comment-name.ts';

test('a comment’s name in Azure is a GUID that only its id decides', () => {
  const name = commentName('cmt_01KAX5Q4ZJ3M8V0T6R2N9B7C1D');
  expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(commentName('cmt_01KAX5Q4ZJ3M8V0T6R2N9B7C1D')).toBe(name);
  expect(commentName('cmt_01KAX5Q4ZJ3M8V0T6R2N9B7C1E')).not.toBe(name);
});
