import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseApiKey, parseMasterKeys } from '@socmate/crypto';
import { keepCredentials } from './credentials.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'socmate-credentials-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('credentials are made once, are valid, and are their owner’s alone', () => {
  const made = keepCredentials(folder, false);
  expect(keepCredentials(folder, true)).toEqual(made);
  expect(statSync(join(folder, 'credentials.json')).mode & 0o777).toBe(0o600);
  expect(parseApiKey(made.admin_api_key)).toBeDefined();
  expect(parseMasterKeys(made.master_keys)).toHaveLength(1);
});

test('lost or garbled credentials are not replaced beside the data they open', () => {
  expect(() => keepCredentials(folder, true)).toThrow('start with --fresh');
  writeFileSync(join(folder, 'credentials.json'), '{');
  expect(() => keepCredentials(folder, true)).toThrow('put it back');
});
