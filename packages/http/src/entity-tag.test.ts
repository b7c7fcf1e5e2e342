import { expect, test } from '@jest/globals';
import { entityTag, isNamed } from './entity-tag.ts';

const tag = entityTag('content');

test('a tag is that of its content alone', () => {
  expect(entityTag('content')).toBe(tag);
  expect(entityTag('other')).not.toBe(tag);
  expect(tag).toMatch(/^W\/"[\w-]{27}"$/);
});

test.each([tag, tag.slice(2), ` ${tag} `, `"a", ${tag.slice(2)} ,W/"b"`, '*', ' * '])(
  '%s names it',
  (given) => {
    expect(isNamed(tag, given)).toBe(true);
  },
);

test.each(['', '"a"', tag.slice(3), tag.slice(3, -1), `${tag}x`, '"*"', 'W/*', ',', '"'])(
  '%j does not',
  (given) => {
    expect(isNamed(tag, given)).toBe(false);
  },
);
