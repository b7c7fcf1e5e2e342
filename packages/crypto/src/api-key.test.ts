import { expect, test } from '@jest/globals';
import { createApiKey, hashSecret, parseApiKey, verifySecret } from './api-key.ts';

test('a new key parses back to its parts, and its secret verifies against its hash', () => {
  const { apiKey, keyId, secret, secretHash } = createApiKey();
  expect(apiKey).toBe(`sk_live_${keyId}_${secret}`);
  expect(keyId).toMatch(/^[a-z0-9]{16}$/);
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  expect(parseApiKey(apiKey)).toEqual({ keyId, secret });
  expect(verifySecret(secret, secretHash)).toBe(true);
});

test('a secret may hold underscores and dashes', () => {
  const secret = `_-${'a'.repeat(40)}_`;
  expect(parseApiKey(`sk_live_key1_${secret}`)).toEqual({ keyId: 'key1', secret });
});

const secret = 's'.repeat(43);

test.each([
  '',
  'sk_live_',
  `sk_test_key1_${secret}`,
  `sk_live_key1${secret}`,
  `sk_live__${secret}`,
  `sk_live_ke-y_${secret}`,
  `sk_live_key1_short`,
  `sk_live_key1_${'s'.repeat(129)}`,
  `sk_live_${'k'.repeat(33)}_${secret}`,
  ` sk_live_key1_${secret}`,
  `sk_live_key1_${secret}\n`,
  `sk_live_key1_${secret}=`,
  `SK_LIVE_key1_${secret}`,
])('%p is not an API key', (text) => {
  expect(parseApiKey(text)).toBeUndefined();
});

test('the hash names its algorithm, is salted and does not hold the secret', () => {
  const hash = hashSecret(secret);
  expect(hash).toMatch(/^sha256\$[\w-]{22}\$[\w-]{43}$/);
  expect(hash).not.toContain(secret.slice(0, 10));
  expect(hashSecret(secret)).not.toBe(hash);
});

test('another secret does not verify, whatever its length', () => {
  const hash = hashSecret(secret);
  for (const wrong of ['', 's', `${secret}s`, `${secret.slice(0, -1)}t`]) {
    expect(verifySecret(wrong, hash)).toBe(false);
  }
});

test('a malformed hash verifies nothing and does not throw', () => {
  const hash = hashSecret(secret);
  const [name, salt, digest] = hash.split('$');
  const malformed = ['', '$$', 'sha256$$', `sha512$${salt}$${digest}`, `${name}$${salt}$`, `${hash}=`];
  for (const one of [...malformed, hash.slice(0, -1), `${hash}\n`])
    expect(verifySecret(secret, one)).toBe(false);
});
