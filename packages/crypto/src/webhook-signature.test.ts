import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { createWebhookSecret, parseWebhookSecret, signWebhook } from './webhook-signature.ts';

interface Vector {
  readonly src: string;
  readonly secret: string;
  readonly id: string;
  readonly ts: number;
  readonly body: string;
  readonly sig: string;
}

const vectorFile = new URL('../fixtures/sw-vectors.json', import.meta.url);
const { sign_v1: vectors } = JSON.parse(readFileSync(vectorFile, 'utf8')) as { sign_v1: Vector[] };
const id = 'evt_01KAX';
const sign = (body: Uint8Array, ...keys: Buffer[]): string => signWebhook({ id, timestampS: 1, body, keys });
const whsec = (size: number): string => `whsec_${Buffer.alloc(size, 9).toString('base64')}`;

test.each(vectors)('signs as $src', ({ secret, id: eventId, ts, body, sig }) => {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  expect(signWebhook({ id: eventId, timestampS: ts, body: Buffer.from(body), keys: [key] })).toBe(sig);
});

test('there are three vectors', () => {
  expect(vectors).toHaveLength(3);
});

test('the published verifier accepts the signature, for the current and for the previous secret', () => {
  const [current, previous] = [createWebhookSecret(), createWebhookSecret()];
  const body = Buffer.from('{"title":"Zugriff über ein fremdes Gerät ✓"}');
  const timestampS = Math.floor(Date.now() / 1_000);
  const keys = [current, previous].map(parseWebhookSecret);
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signWebhook({ id, timestampS, body, keys }),
  };
  for (const secret of [current, previous]) {
    expect(new Webhook(secret).verify(body, headers)).toEqual({ title: 'Zugriff über ein fremdes Gerät ✓' });
  }
  expect(() => new Webhook(createWebhookSecret()).verify(body, headers)).toThrow('No matching signature');
  expect(() => new Webhook(current).verify(`${body.toString()} `, headers)).toThrow('No matching signature');
});

test('there is one signature for each key, in their order', () => {
  const [body, a, b] = [Buffer.from('{}'), Buffer.alloc(24, 1), Buffer.alloc(64, 2)];
  expect(sign(body, a, b)).toBe(`${sign(body, a)} ${sign(body, b)}`);
});

test('bytes that are not text are signed as they are', () => {
  const key = Buffer.alloc(32);
  expect(sign(Uint8Array.of(0xff), key)).not.toBe(sign(Uint8Array.of(0xfe), key));
});

test('nothing is ever sent with an empty signature or a fractional time', () => {
  const body = Buffer.from('{}');
  expect(() => signWebhook({ id, timestampS: 1, body, keys: [] })).toThrow('at least one key');
  expect(() => signWebhook({ id, timestampS: 1.5, body, keys: [body] })).toThrow('whole seconds');
});

test('a new secret holds 32 random bytes', () => {
  const secret = createWebhookSecret();
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(parseWebhookSecret(secret)).toHaveLength(32);
  expect(createWebhookSecret()).not.toBe(secret);
});

test.each([24, 32, 64])('a secret of %d bytes is accepted', (size) => {
  expect(parseWebhookSecret(whsec(size))).toEqual(Buffer.alloc(size, 9));
});

test.each([
  ['', "begins with 'whsec_'"],
  [whsec(32).slice(6), "begins with 'whsec_'"],
  [whsec(32).toUpperCase(), "begins with 'whsec_'"],
  ['whsec_', 'holds 24 to 64 bytes, not 0'],
  [whsec(23), 'holds 24 to 64 bytes, not 23'],
  [whsec(65), 'holds 24 to 64 bytes, not 65'],
  [whsec(32).slice(0, -1), "is base64 after 'whsec_'"],
  [`${whsec(32)}\n`, "is base64 after 'whsec_'"],
  [`whsec_${Buffer.alloc(32, 255).toString('base64url')}`, "is base64 after 'whsec_'"],
])('the secret %p is refused with its reason', (text, reason) => {
  expect(() => parseWebhookSecret(text)).toThrow(
    expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(reason) }),
  );
});
