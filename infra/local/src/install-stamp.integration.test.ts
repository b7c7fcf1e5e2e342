import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { installStamp } from '../install-stamp.mjs';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'socmate-stamp-'));
  mkdirSync(join(root, 'packages/queue/src'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{}');
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'lock');
  writeFileSync(join(root, 'packages/queue/package.json'), '{}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('the same files need no second install', () => {
  const before = installStamp(root);
  writeFileSync(join(root, 'packages/queue/src/index.ts'), 'export {};');
  expect(installStamp(root)).toBe(before);
});

test.each(['package.json', 'pnpm-lock.yaml', 'packages/queue/package.json', 'pnpm-workspace.yaml'])(
  'a changed %s asks for an install',
  (file) => {
    const before = installStamp(root);
    writeFileSync(join(root, file), 'changed');
    expect(installStamp(root)).not.toBe(before);
  },
);
