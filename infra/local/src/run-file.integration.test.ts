import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { removeRunFile, writeRunFile } from './run-file.ts';

const run = {
  gateway_url: 'http://127.0.0.1:8080',
  console_url: null,
  admin_api_key: 'sk_live_a_b',
  simulator_url: null,
  simulator_control_url: null,
  postgres_url: 'postgres://x',
  redis_url: 'redis://x',
  neo4j: null,
  ca_file: null,
  services: [],
  stores: [],
  workspaces: [],
};

test('the run file is readable by its owner alone, and gone when removed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'socmate-run-'));
  const file = join(folder, 'run.json');
  writeRunFile(folder, run);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(run);
  removeRunFile(folder);
  removeRunFile(folder);
  expect(existsSync(file)).toBe(false);
  rmSync(folder, { recursive: true });
});
