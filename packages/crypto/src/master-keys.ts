import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { AppError } from '@socmate/runtime';
import { decodeStrict } from './base64.ts';

const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;

export interface MasterKey {
  readonly id: string;
  /** A key object: printing or serialising it shows no bytes. */
  readonly key: KeyObject;
}

/** The first key seals and signs; all of them open and verify, so that a key can be replaced. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]];

/** Reads `id:base64(32 bytes)[,id:base64…]`. Faults name an entry by its place: what stands there may be a key. */
export function parseMasterKeys(text: string): MasterKeys {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const parsed = entries.map((entry, index) => parseEntry(entry, index + 1));
  const faults = parsed.filter((result) => typeof result === 'string');
  const keys = parsed.filter((result) => typeof result !== 'string');
  if (new Set(keys.map(({ id }) => id)).size < keys.length) faults.push('two entries have the same key id');
  const [first, ...others] = keys;
  if (!first && faults.length === 0) faults.push('it holds no key; at least one is needed');
  if (!first || faults.length > 0) {
    throw new AppError(
      'invalid_input',
      `MASTER_KEYS is not valid: ${faults.join('; ')}. It is a comma-separated list of id:base64(32 bytes).`,
    );
  }
  return [first, ...others];
}

function parseEntry(entry: string, place: number): MasterKey | string {
  const colon = entry.indexOf(':');
  if (colon < 0) return `entry ${place} has no ':' between the key id and the key`;
  const id = entry.slice(0, colon);
  if (!KEY_ID.test(id)) {
    return `the key id of entry ${place} is not 1 to 32 letters, digits, '-' or '_'`;
  }
  const bytes = decodeStrict(entry.slice(colon + 1), 'base64');
  if (!bytes) return `the key of entry ${place} is not base64`;
  if (bytes.length !== KEY_BYTES) {
    return `the key of entry ${place} has ${bytes.length} bytes instead of ${KEY_BYTES}`;
  }
  return { id, key: createSecretKey(bytes) };
}

/** A key for one purpose, so that no two uses ever share key bytes. */
export function deriveKey({ key }: MasterKey, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, '', `socmate/${purpose}`, KEY_BYTES)));
}
