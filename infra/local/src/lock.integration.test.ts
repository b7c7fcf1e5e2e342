import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LOCK_FILE, type Lock, lockHolder, takeLock } from './lock.ts';
import { createProcessFixture } from './process-fixture.ts';
import { runningRecords } from './process-records.ts';

let fixture = createProcessFixture();

beforeEach(() => {
  fixture = createProcessFixture();
});
afterEach(() => fixture.close());

const isMine = { pid: process.pid };

test('a folder is taken once, and again after its release', async () => {
  const lock = (await takeLock(fixture.folder)) as Lock;
  expect(await takeLock(fixture.folder)).toMatchObject(isMine);
  lock.release();
  expect(lockHolder(fixture.folder)).toBeUndefined();
  await takeLock(fixture.folder);
  expect(lockHolder(fixture.folder)).toMatchObject(isMine);
});

test('a lock whose holder is gone, or that is garbled, is taken over', async () => {
  const file = join(fixture.folder, LOCK_FILE);
  writeFileSync(file, JSON.stringify({ pid: process.pid, identity: 'one that began before' }));
  const lock = (await takeLock(fixture.folder)) as Lock;
  expect(lockHolder(fixture.folder)).toMatchObject(isMine);
  lock.release();
  writeFileSync(file, '{');
  await takeLock(fixture.folder);
  expect(lockHolder(fixture.folder)).toMatchObject(isMine);
});

test('a holder that is just stopping is waited for', async () => {
  const holder = await fixture.start();
  const [record] = runningRecords(fixture.records);
  writeFileSync(join(fixture.folder, LOCK_FILE), JSON.stringify(record));
  const waiting = takeLock(fixture.folder, 5_000);
  await holder.stop();
  expect(await waiting).toHaveProperty('release');
});
