import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { nodeArguments } from './paths.ts';
import { createProcessFixture } from './process-fixture.ts';
import { startGuardian } from './start-guardian.ts';

let fixture = createProcessFixture();

beforeEach(() => {
  fixture = createProcessFixture();
});
afterEach(() => fixture.close());

test('when the launcher is killed, what it started stops and what it told of the run goes', async () => {
  const child = await fixture.start();
  const runFile = join(fixture.folder, 'run.json');
  writeFileSync(runFile, '{}');
  const script = `const { startGuardian } = await import(${JSON.stringify(import.meta.resolve('./start-guardian.ts'))});
    startGuardian(${JSON.stringify(fixture.records)}, [${JSON.stringify(runFile)}]);
    console.log('guarded');`;
  const launcher = spawn(process.execPath, [...nodeArguments, '--input-type=module', '-e', script]);
  await once(launcher.stdout, 'data');
  expect(child.isRunning).toBe(true);
  launcher.kill('SIGKILL');
  expect(await child.exited).toBe('SIGTERM');
  await until('the run file is gone', () => !existsSync(runFile));
});

test('closing it waits until what is left has stopped', async () => {
  const child = await fixture.start();
  const guardian = startGuardian(fixture.records);
  await guardian.close();
  expect(child.isRunning).toBe(false);
});
