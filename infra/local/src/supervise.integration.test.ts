import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { startPart } from './part.ts';
import { createProcessFixture } from './process-fixture.ts';
import { startUntilLine } from './readiness.ts';
import { supervise } from './supervise.ts';

let fixture = createProcessFixture();

beforeEach(() => {
  fixture = createProcessFixture();
});
afterEach(() => fixture.close());

test('a part that dies is started again until stopping is wanted', async () => {
  const stop = new AbortController();
  const said: string[] = [];
  const part = await startPart(
    () => fixture.start({ name: 'notifier' }),
    () => ({}),
  );
  const first = part.pid;
  const supervised = supervise(part, {
    stopped: stop.signal,
    say: (text) => said.push(text),
    onRestart: () => said.push('rewritten'),
  });
  await part.kill();
  await until('it is back', () => said.includes('notifier is back'));
  expect(part.pid).not.toBe(first);
  expect(said).toEqual(['notifier ended (SIGKILL): starting it again', 'rewritten', 'notifier is back']);
  stop.abort();
  await part.stop();
  await supervised;
  expect(part.isRunning).toBe(false);
});

test('a process that ends before it is ready says why', async () => {
  const broken = startUntilLine(
    {
      name: 'gateway',
      command: process.execPath,
      args: ['-e', "console.error('PORT is not a number'); process.exit(3)"],
      stage: 'service',
      records: fixture.records,
    },
    () => false,
  );
  await expect(broken).rejects.toThrow(
    'gateway does not start: it ended with exit code 3. It said:\n  PORT is not a number',
  );
});

test('a program that is not there is a sentence', async () => {
  const missing = startUntilLine(
    { name: 'redis', command: '/no/redis-server', args: [], stage: 'store', records: fixture.records },
    () => true,
  );
  await expect(missing).rejects.toThrow('redis could not be started: ');
});
