import { expect, test } from '@jest/globals';
import { parseStorableJson } from './storable-json.ts';

test('NUL and lone surrogates become the replacement character, in values and keys, however deep', () => {
  const text = String.raw`{"a\u0000b":["x\ud800y","\udc00",{"c":"\uD83D"}],"d":1}`;
  expect(parseStorableJson(text)).toEqual({ 'a\uFFFDb': ['x\uFFFDy', '\uFFFD', { c: '\uFFFD' }], d: 1 });
});

test('surrogate pairs, escaped backslashes and everything else stay as they are', () => {
  const value = { pair: '\u{1F600}', escaped: String.raw`\u0000 \ud800`, zero: 0, none: null, deep: [[{}]] };
  const text = JSON.stringify(value).replace('\u{1F600}', String.raw`\ud83d\ude00`);
  expect(parseStorableJson(text)).toEqual(value);
});

test('what is no JSON is refused', () => {
  expect(() => parseStorableJson('<html>')).toThrow(SyntaxError);
});
