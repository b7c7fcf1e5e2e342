import { expect, test } from '@jest/globals';
import { parseMasterKeys } from './master-keys.ts';
import { createSealer } from './sealer.ts';

const entry = (id: string, fill: number): string => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const sealerOf = (...entries: string[]) => createSealer(parseMasterKeys(entries.join(',')));
const context = 'webhook_endpoint:whe_1:secret';

test.each(['', 'x', 'whsec_✓ ünïcode', 'y'.repeat(100_000)])(
  'what was sealed opens to the same text',
  (plain) => {
    const sealer = sealerOf(entry('k1', 1));
    expect(sealer.open(sealer.seal(plain, context), context)).toBe(plain);
  },
);

test('the format is v1, the key id, the iv and the ciphertext with its tag', () => {
  const sealed = sealerOf(entry('k1', 1)).seal('abc', context);
  const [version, id, iv, body, ...rest] = sealed.split('.');
  expect([version, id, rest]).toEqual(['v1', 'k1', []]);
  expect(Buffer.from(iv!, 'base64url')).toHaveLength(12);
  expect(Buffer.from(body!, 'base64url')).toHaveLength(3 + 16);
});

test('the same text sealed twice differs', () => {
  const sealer = sealerOf(entry('k1', 1));
  expect(sealer.seal('abc', context)).not.toBe(sealer.seal('abc', context));
});

test('after a rotation old values open, and new ones are sealed with the new key', () => {
  const old = sealerOf(entry('k1', 1)).seal('abc', context);
  const rotated = sealerOf(entry('k2', 2), entry('k1', 1));
  expect(rotated.open(old, context)).toBe('abc');
  expect(rotated.seal('abc', context)).toMatch(/^v1\.k2\./);
});

test('a value sealed with a key that is gone says so, and may be tried again when the key is back', () => {
  const sealed = sealerOf(entry('k1', 1)).seal('abc', context);
  expect(() => sealerOf(entry('k2', 2)).open(sealed, context)).toThrow(
    expect.objectContaining({
      code: 'unavailable',
      message: "a stored secret was sealed with the master key 'k1', which is not configured",
    }),
  );
});

const alteredFault = expect.objectContaining({
  code: 'internal',
  message: 'a stored secret was altered or belongs to another record',
});

test('a value moved to another record does not open', () => {
  const sealer = sealerOf(entry('k1', 1));
  const sealed = sealer.seal('abc', context);
  expect(() => sealer.open(sealed, 'webhook_endpoint:whe_2:secret')).toThrow(alteredFault);
});

test('a value under the same key id but another key does not open', () => {
  const sealed = sealerOf(entry('k1', 1)).seal('abc', context);
  expect(() => sealerOf(entry('k1', 2)).open(sealed, context)).toThrow(alteredFault);
});

test('a value renamed to another configured key does not open', () => {
  const sealer = sealerOf(entry('k1', 1), entry('k2', 1));
  const sealed = sealer.seal('abc', context).replace('v1.k1.', 'v1.k2.');
  expect(() => sealer.open(sealed, context)).toThrow(alteredFault);
});

test('changing any one character of a sealed value keeps it shut', () => {
  const sealer = sealerOf(entry('k1', 1));
  const sealed = sealer.seal('secret', context);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    expect(() => sealer.open(changed, context)).toThrow(/^a stored secret /);
  }
});

test.each([
  '',
  'plain text',
  'v2.k1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA',
  'v1.k1.AAAA.AAAAAAAAAAAAAAAAAAAAAA',
  'v1.k1.AAAAAAAAAAAAAAAA.AAAA',
])('%p is told apart from a sealed value', (text) => {
  expect(() => sealerOf(entry('k1', 1)).open(text, context)).toThrow(
    expect.objectContaining({ code: 'internal', message: 'a stored secret is not in the sealed format' }),
  );
});

test('no fault shows the text', () => {
  const sealer = sealerOf(entry('k1', 1));
  for (const wrong of ['v1.hunter2', 'hunter2', `v1.k1.hunter2hunter2.${'hunter2'.repeat(4)}`]) {
    expect(() => sealer.open(wrong, context)).toThrow(/^(?!.*hunter2)a stored secret/);
  }
});
