import { expect, test } from '@jest/globals';
import { createCursorCodec } from './cursor.ts';
import { parseMasterKeys } from './master-keys.ts';

const entry = (id: string, fill: number): string => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const codecOf = (...entries: string[]) => createCursorCodec(parseMasterKeys(entries.join(',')));
const position = { at: '2026-11-22T14:00:00.000123Z', id: 'inc_1', seq: '9007199254740993' };
const filters = 'incidents?severity=high&status=new';

const invalid = expect.objectContaining({
  code: 'invalid_input',
  issues: [
    {
      loc: ['query', 'cursor'],
      msg: 'the cursor was altered or is not one of ours; start again without it',
      type: 'cursor_invalid',
    },
  ],
});

test('a cursor decodes to its position under the same filters', () => {
  const codec = codecOf(entry('k1', 1));
  const cursor = codec.encode(position, filters);
  expect(cursor).toMatch(/^[\w.-]+$/);
  expect(codec.decode(cursor, filters)).toEqual(position);
});

test.each([null, 0, 'x', [1, 'a'], { nested: { deep: true } }])('the position %p survives', (value) => {
  const codec = codecOf(entry('k1', 1));
  expect(codec.decode(codec.encode(value, ''), '')).toEqual(value);
});

test('a cursor made for other filters is refused, and says so', () => {
  const codec = codecOf(entry('k1', 1));
  expect(() => codec.decode(codec.encode(position, filters), `${filters}&q=x`)).toThrow(
    expect.objectContaining({
      code: 'invalid_input',
      issues: [
        {
          loc: ['query', 'cursor'],
          msg: 'the cursor belongs to other filters; start again without it',
          type: 'cursor_mismatch',
        },
      ],
    }),
  );
});

test('changing any one character of a cursor is noticed', () => {
  const codec = codecOf(entry('k1', 1));
  const cursor = codec.encode(position, filters);
  for (let at = 0; at < cursor.length; at += 1) {
    const changed = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
    expect(() => codec.decode(changed, filters)).toThrow(invalid);
  }
});

test('the parts of two cursors do not make a third', () => {
  const codec = codecOf(entry('k1', 1));
  const [payload] = codec.encode(position, filters).split('.');
  const [, signature] = codec.encode({ ...position, id: 'inc_2' }, filters).split('.');
  expect(() => codec.decode(`${payload}.${signature}`, filters)).toThrow(invalid);
});

test.each(['', '.', 'abc', 'eyJhIjoxfQ', 'eyJhIjoxfQ.', `${'a'.repeat(5_000)}.${'a'.repeat(43)}`])(
  '%p is not a cursor',
  (text) => {
    expect(() => codecOf(entry('k1', 1)).decode(text, filters)).toThrow(invalid);
  },
);

test('cursors outlive a rotation, but not the key that made them', () => {
  const cursor = codecOf(entry('k1', 1)).encode(position, filters);
  expect(codecOf(entry('k2', 2), entry('k1', 1)).decode(cursor, filters)).toEqual(position);
  expect(() => codecOf(entry('k2', 2)).decode(cursor, filters)).toThrow(invalid);
});
