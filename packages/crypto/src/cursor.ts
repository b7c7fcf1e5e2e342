import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type AppError, invalidField } from '@socmate/runtime';
import { decodeStrict } from './base64.ts';
import { deriveKey, type MasterKeys } from './master-keys.ts';

const CURSOR = /^([A-Za-z0-9_-]{1,4000})\.([A-Za-z0-9_-]{43})$/;

/**
 * Cursors that a client can neither write nor use with other filters than they were made for.
 * `bindTo` spells the route and its filters in one canonical way; `position` is JSON, and readable.
 */
export interface CursorCodec {
  encode(position: unknown, bindTo: string): string;
  /** Returns what was encoded; throws a 422 at `query.cursor`. */
  decode(cursor: string, bindTo: string): unknown;
}

interface CursorKey {
  readonly cursor: KeyObject;
  readonly filters: KeyObject;
}

export function createCursorCodec(masterKeys: MasterKeys): CursorCodec {
  const keys = masterKeys.map((master) => ({
    cursor: deriveKey(master, 'cursor/v1'),
    filters: deriveKey(master, 'cursor-filters/v1'),
  }));
  return {
    encode: (position, bindTo) => {
      const [key] = keys as [CursorKey];
      const text = JSON.stringify([sign(key.filters, bindTo).toString('base64url'), position]);
      const payload = Buffer.from(text).toString('base64url');
      return `${payload}.${sign(key.cursor, payload).toString('base64url')}`;
    },
    decode: (cursor, bindTo) => {
      const [, payload = '', signature = ''] = CURSOR.exec(cursor) ?? [];
      const mac = decodeStrict(signature, 'base64url');
      const key = mac?.length && keys.find((one) => timingSafeEqual(mac, sign(one.cursor, payload)));
      if (!key)
        throw fault('the cursor was altered or is not one of ours; start again without it', 'cursor_invalid');
      // The signature says that this is the text which encode wrote.
      const [filters, position] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [
        string,
        unknown,
      ];
      if (sign(key.filters, bindTo).toString('base64url') !== filters) {
        throw fault('the cursor belongs to other filters; start again without it', 'cursor_mismatch');
      }
      return position;
    },
  };
}

const sign = (key: KeyObject, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const fault = (message: string, type: string): AppError => invalidField(['query', 'cursor'], message, type);
