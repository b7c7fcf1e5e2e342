import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { AppError } from '@socmate/runtime';
import { decodeStrict } from './base64.ts';
import { systemRandomBytes } from './random.ts';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const MIN_BYTES = 24;
const MAX_BYTES = 64;

export const createWebhookSecret = (randomBytes = systemRandomBytes): string =>
  PREFIX + randomBytes(SECRET_BYTES).toString('base64');

/** The HMAC key in `whsec_` + base64, of 24 to 64 bytes. */
export function parseWebhookSecret(text: string): Buffer {
  if (!text.startsWith(PREFIX)) {
    throw new AppError('invalid_input', `a webhook secret begins with '${PREFIX}'`);
  }
  const key = decodeStrict(text.slice(PREFIX.length), 'base64');
  if (!key) throw new AppError('invalid_input', `a webhook secret is base64 after '${PREFIX}'`);
  if (key.length < MIN_BYTES || key.length > MAX_BYTES) {
    const message = `a webhook secret holds ${MIN_BYTES} to ${MAX_BYTES} bytes, not ${key.length}`;
    throw new AppError('invalid_input', message);
  }
  return key;
}

export interface WebhookToSign {
  readonly id: string;
  readonly timestampS: number;
  /** The bytes that are sent. */
  readonly body: Uint8Array;
  /** One signature each, in this order; the bytes of a key must not change once it was used. */
  readonly keys: readonly Uint8Array[];
}

// Setting up a key costs four times what signing with it does.
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function keyObject(key: Uint8Array): KeyObject {
  const known = keyObjects.get(key);
  if (known) return known;
  const made = createSecretKey(key);
  keyObjects.set(key, made);
  return made;
}

/** The value of `webhook-signature` as Standard Webhooks 1.0 has it. */
export function signWebhook({ id, timestampS, body, keys }: WebhookToSign): string {
  if (keys.length === 0) throw new TypeError('a webhook needs at least one key to be signed with');
  if (!Number.isSafeInteger(timestampS)) throw new TypeError('a webhook timestamp is whole seconds');
  const head = `${id}.${timestampS}.`;
  return keys
    .map((key) => `v1,${createHmac('sha256', keyObject(key)).update(head).update(body).digest('base64')}`)
    .join(' ');
}
