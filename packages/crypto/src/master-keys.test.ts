import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { parseMasterKeys } from './master-keys.ts';

const bytes = (fill: number, size = 32): string => Buffer.alloc(size, fill).toString('base64');

const messageOf = (text: string): string => {
  try {
    parseMasterKeys(text);
  } catch (fault) {
    return (fault as Error).message;
  }
  throw new Error('it was accepted');
};

test('the first key comes first and blanks around entries do not matter', () => {
  expect(parseMasterKeys(` k2:${bytes(2)} , k1:${bytes(1)},`).map(({ id }) => id)).toEqual(['k2', 'k1']);
});

test.each([
  ['', 'it holds no key'],
  [' , ', 'it holds no key'],
  [bytes(1), "entry 1 has no ':'"],
  [`:${bytes(1)}`, 'the key id of entry 1 is not'],
  [`k.1:${bytes(1)}`, 'the key id of entry 1 is not'],
  [`k1:${bytes(1)},k2:`, 'the key of entry 2 has 0 bytes instead of 32'],
  [`k1:${bytes(1, 31)}`, 'the key of entry 1 has 31 bytes instead of 32'],
  [`k1:${bytes(1, 33)}`, 'the key of entry 1 has 33 bytes instead of 32'],
  [`k1:${bytes(1).slice(0, -1)}`, 'the key of entry 1 is not base64'],
  [`k1:${bytes(255).replaceAll('/', '_')}`, 'the key of entry 1 is not base64'],
  [`k1:not base64`, 'the key of entry 1 is not base64'],
  [`k1:${bytes(1)},k1:${bytes(2)}`, 'two entries have the same key id'],
])('the faulty list %p is refused with its reason', (text, reason) => {
  expect(messageOf(text)).toContain(reason);
});

test('every fault is told at once, and none shows what stands in the list', () => {
  const message = messageOf(`${bytes(7)},k2:${bytes(8, 16)},${bytes(9)}:k3`);
  expect(message).toMatch(/entry 1.*entry 2.*entry 3/);
  for (const fill of [7, 8, 9]) expect(message).not.toContain(bytes(fill).slice(0, 8));
});

test('printing or serialising the keys shows no bytes', () => {
  const keys = parseMasterKeys(`k1:${bytes(65)}`);
  const printed = inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys);
  expect(printed).not.toMatch(/AAAA|4141|0x41|65, 65/);
});
