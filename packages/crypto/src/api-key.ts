import { hash as hashOnce, timingSafeEqual } from 'node:crypto';
import { decodeStrict } from './base64.ts';
import { systemRandomBytes } from './random.ts';

const API_KEY = /^sk_live_([A-Za-z0-9]{4,32})_([A-Za-z0-9_-]{32,128})$/;
const HASH = /^sha256\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;
const KEY_ID_BYTES = 8;
const SECRET_BYTES = 32;
const SALT_BYTES = 16;

export interface ParsedApiKey {
  /** Finds the row; not a secret. */
  readonly keyId: string;
  readonly secret: string;
}

export interface NewApiKey extends ParsedApiKey {
  /** `sk_live_{keyId}_{secret}`: shown once. */
  readonly apiKey: string;
  readonly secretHash: string;
}

export function createApiKey(randomBytes = systemRandomBytes): NewApiKey {
  const keyId = randomBytes(KEY_ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { keyId, secret, apiKey: `sk_live_${keyId}_${secret}`, secretHash: hashSecret(secret, randomBytes) };
}

export function parseApiKey(text: string): ParsedApiKey | undefined {
  const [, keyId, secret] = API_KEY.exec(text) ?? [];
  return keyId !== undefined && secret !== undefined ? { keyId, secret } : undefined;
}

/** One salted SHA-256 is enough for a secret of 256 random bits, which no guessing reaches, and is fast enough for every request. */
export function hashSecret(secret: string, randomBytes = systemRandomBytes): string {
  const salt = randomBytes(SALT_BYTES);
  return `sha256$${salt.toString('base64url')}$${digest(secret, salt).toString('base64url')}`;
}

/** Takes the same time wherever a wrong secret differs; false for a hash that is not one. */
export function verifySecret(secret: string, hash: string): boolean {
  const [, salt = '', expected = ''] = HASH.exec(hash) ?? [];
  const saltBytes = decodeStrict(salt, 'base64url');
  const expectedBytes = decodeStrict(expected, 'base64url');
  if (!saltBytes?.length || !expectedBytes?.length) return false;
  return timingSafeEqual(digest(secret, saltBytes), expectedBytes);
}

const digest = (secret: string, salt: Buffer): Buffer =>
  hashOnce('sha256', Buffer.concat([salt, Buffer.from(secret)]), 'buffer');
