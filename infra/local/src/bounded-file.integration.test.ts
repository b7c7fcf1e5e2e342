import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createBoundedFile } from './bounded-file.ts';

test('a log keeps its newest lines in two files of a bounded size, over restarts too', () => {
  const folder = mkdtempSync(join(tmpdir(), 'socmate-log-'));
  const path = join(folder, 'logs/gateway.log');
  createBoundedFile(path, 30)('lost');
  const write = createBoundedFile(path, 30);
  for (const line of ['first-line-first-line', 'second-line-second-line', 'third']) write(line);
  expect(readFileSync(path, 'utf8')).toBe('second-line-second-line\nthird\n');
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('lost\nfirst-line-first-line\n');
  rmSync(folder, { recursive: true });
});
