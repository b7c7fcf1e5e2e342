import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, expect, test } from '@jest/globals';
import { issueClientCertificate } from '@socmate/azure-simulator';
import { parseClientCertificate } from './client-certificate.ts';

const now = new Date('2026-11-22T12:00:00Z');
let pem: string;
let certificate: string;
let key: string;
beforeAll(async () => {
  pem = await issueClientCertificate('socmate', now, 30);
  [certificate = '', key = ''] = pem.split(/(?=-----BEGIN PRIVATE KEY)/);
});

test('a certificate is kept with its key alone, and known by its thumbprint and its end', async () => {
  const parsed = parseClientCertificate(`Bag Attributes\n${key}\n${certificate}`, now);
  expect(parsed).toEqual({
    pem: expect.stringMatching(
      /^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n$/,
    ),
    thumbprint: expect.stringMatching(/^[\dA-F]{40}$/),
    expiresAt: '2026-12-22T12:00:00.000Z',
  });
  expect(parseClientCertificate(parsed.pem, now)).toEqual(parsed);
});

const encrypted = (): string =>
  createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
    .toString();
const another = (type: 'rsa' | 'ec'): string => {
  const format = { type: 'pkcs8', format: 'pem' } as const;
  if (type === 'ec')
    return String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(format));
  return String(generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export(format));
};

test.each<[string, () => string, RegExp]>([
  ['what is no PEM', () => 'a certificate', /holds no certificate/],
  ['a key alone', () => key, /holds no certificate/],
  ['a certificate alone', () => certificate, /holds no private key/],
  ['a certificate that is broken', () => pem.replace('MII', 'XII'), /certificate that cannot be read/],
  ['a key that is broken', () => pem.replace(/(PRIVATE KEY-----\n)M/, '$1X'), /key that cannot be read/],
  ['a key with a passphrase', () => certificate + encrypted(), /encrypted private key/],
  ['another key', () => certificate + another('rsa'), /private key of another certificate/],
  ['a key of another kind', () => certificate + another('ec'), /not of an RSA key/],
])('%s is refused in a sentence', (_, given, message) => {
  expect(() => parseClientCertificate(given(), now)).toThrow(message);
});

test('a certificate is refused after its end and before its beginning', () => {
  const after = new Date('2026-12-22T12:00:00Z');
  expect(() => parseClientCertificate(pem, after)).toThrow('expired at 2026-12-22T12:00:00.000Z');
  const before = new Date('2026-11-21T11:59:59Z');
  expect(() => parseClientCertificate(pem, before)).toThrow('is not valid before 2026-11-21T12:00:00.000Z');
});
