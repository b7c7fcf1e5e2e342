import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createProcessFixture } from './process-fixture.ts';
import { processIdentity } from './process-identity.ts';
import { recordProcess, runningRecords, stopRecorded } from './process-records.ts';

let fixture = createProcessFixture();

beforeEach(() => {
  fixture = createProcessFixture();
});
afterEach(() => fixture.close());

test('what runs is recorded, and forgotten when it ends', async () => {
  const child = await fixture.start();
  expect(runningRecords(fixture.records)).toMatchObject([{ name: 'child', pid: child.pid }]);
  await child.stop();
  expect(readdirSync(fixture.records)).toEqual([]);
});

test('a pid that now belongs to another process is left alone', async () => {
  const stranger = await fixture.start({ records: join(fixture.folder, 'elsewhere') });
  const record = { name: 'redis', pid: stranger.pid, stage: 'store', stopSignal: 'SIGTERM' } as const;
  recordProcess(fixture.records, { ...record, identity: 'a process that began before' });
  expect(await stopRecorded(fixture.records)).toEqual([]);
  expect(stranger.isRunning).toBe(true);
  expect(readdirSync(fixture.records)).toEqual([]);
});

test('services stop before the stores they use', async () => {
  const order = join(fixture.folder, 'order');
  for (const [name, stage] of [
    ['postgres', 'store'],
    ['gateway', 'service'],
    ['azure', 'simulator'],
  ] as const) {
    const script = `const { appendFileSync } = require('node:fs');
      process.on('SIGTERM', () => { appendFileSync('${order}', '${name} ends\\n'); process.exit(); });`;
    await fixture.start({ name, stage, script });
  }
  expect(await stopRecorded(fixture.records)).toEqual(['gateway', 'azure', 'postgres']);
  expect(readFileSync(order, 'utf8')).toBe('gateway ends\nazure ends\npostgres ends\n');
});

test('what does not heed the signal is killed after the grace, or as soon as it is hurried', async () => {
  const script = "process.on('SIGTERM', () => {})";
  const deaf = await fixture.start({ script });
  await stopRecorded(fixture.records, { graceMs: 100 });
  expect(await deaf.exited).toBe('SIGKILL');
  const hurried = await fixture.start({ script });
  await stopRecorded(fixture.records, { graceMs: 60_000, hurry: AbortSignal.timeout(50) });
  expect(await hurried.exited).toBe('SIGKILL');
});

test('a garbled record is removed', async () => {
  const child = await fixture.start();
  recordProcess(fixture.records, { ...runningRecords(fixture.records)[0]!, identity: '' });
  expect(runningRecords(fixture.records)).toEqual([]);
  expect(existsSync(join(fixture.records, `${child.pid}.json`))).toBe(false);
});

test('an identity stays the same while a process runs and is gone with it', async () => {
  const child = await fixture.start();
  const identity = processIdentity(child.pid);
  expect(identity).toBeDefined();
  expect(processIdentity(child.pid)).toBe(identity);
  expect(processIdentity(process.pid)).not.toBe(identity);
  await child.kill();
  expect(processIdentity(child.pid)).toBeUndefined();
});
