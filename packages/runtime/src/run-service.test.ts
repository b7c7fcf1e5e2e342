import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from '@jest/globals';

const SOURCE = new URL('./', import.meta.url).href;
const children = new Set<ReturnType<typeof spawn>>();

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: { msg?: string; err?: { message: string } }[];
  readonly stderr: string;
}

/** Runs a service as a process of its own; `start` is the source of its start function, which may log. */
function runChild(start: string, options = '{}') {
  const source = `
    const { runService } = await import('${SOURCE}run-service.ts');
    const { createLogger } = await import('${SOURCE}logger.ts');
    const { Lifecycle } = await import('${SOURCE}lifecycle.ts');
    const log = createLogger('test', 'info');
    await runService(${start}, ${options});`;
  const child = spawn(process.execPath, [
    '--conditions=@socmate/source',
    '--input-type=module',
    '--eval',
    source,
  ]);
  children.add(child);
  const stderr: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  const lines: Ended['lines'] = [];
  const output = createInterface({ input: child.stdout });
  const logged = new Promise<void>((resolve) => {
    output.on('line', (line) => {
      lines.push(JSON.parse(line));
      resolve();
    });
  });
  const ended = once(child, 'close').then(
    ([code, signal]): Ended => ({ code, signal, lines, stderr: stderr.join('') }),
  );
  return { child, started: Promise.race([logged, ended]), ended };
}

const messages = ({ lines }: Ended): unknown[] => lines.map(({ msg }) => msg);

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s closes the service and the process ends with 0',
  async (name) => {
    const { child, started, ended } = runChild(`async () => {
    const ticking = setInterval(() => undefined, 1_000);
    log.info('started');
    return { log, close: async () => { clearInterval(ticking); log.info('closed'); } };
  }`);
    await started;
    child.kill(name);
    const end = await ended;
    expect(end).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(messages(end)).toEqual(['started', 'stopping', 'closed', 'stopped']);
  },
);

test('a signal during the start closes the service once it has started', async () => {
  const { child, started, ended } = runChild(`async () => {
    const open = setInterval(() => undefined, 1_000);
    log.info('starting');
    await new Promise((resolve) => process.once('SIGTERM', () => setTimeout(resolve, 20)));
    return { log, close: async () => { clearInterval(open); log.info('closed'); } };
  }`);
  await started;
  child.kill('SIGTERM');
  const end = await ended;
  expect(end.code).toBe(0);
  expect(messages(end)).toEqual(['starting', 'stopping', 'closed', 'stopped']);
});

test('a service that cannot start says why, the causes too, and ends with 1', async () => {
  const { ended } = runChild(`() => Lifecycle.start(async (life) => {
    life.use('pool', {}, () => { throw new Error('the pool hangs'); });
    throw new Error('no queue', { cause: new Error('port 6379 refused') });
  })`);
  const end = await ended;
  expect(end.code).toBe(1);
  for (const reason of ['no queue', 'port 6379 refused', 'closing pool failed', 'the pool hangs']) {
    expect(end.stderr).toContain(reason);
  }
});

test('what else a fault of the start carries is not printed: it may be a secret', async () => {
  const { ended } = runChild(
    `async () => { throw Object.assign(new Error('refused'), { client: { password: 'hunter2' } }); }`,
  );
  const end = await ended;
  expect(end.stderr).toContain('refused');
  expect(end.stderr).not.toContain('hunter2');
});

test.each([
  ['with work under way', 'setInterval(() => undefined, 1_000);'],
  ['with nothing left to wait for', ''],
])('a close that hangs %s is cut short at the grace, with 1', async (_how, work) => {
  const { child, started, ended } = runChild(
    `async () => {
      const open = setInterval(() => undefined, 1_000);
      log.info('started');
      return { log, close: () => { clearInterval(open); ${work} return new Promise(() => undefined); } };
    }`,
    '{ graceMs: 150 }',
  );
  await started;
  child.kill('SIGTERM');
  const end = await ended;
  expect(end.code).toBe(1);
  expect(messages(end).at(-1)).toBe('still closing after the grace, exiting');
});

test('what a clean close left open does not keep the process beyond the grace', async () => {
  const { child, started, ended } = runChild(
    `async () => {
      setInterval(() => undefined, 1_000);
      log.info('started');
      return { log, close: async () => undefined };
    }`,
    '{ graceMs: 150 }',
  );
  await started;
  child.kill('SIGTERM');
  expect((await ended).code).toBe(1);
});

test('a close that fails is logged and ends with 1', async () => {
  const { child, started, ended } = runChild(`async () => {
    const open = setInterval(() => undefined, 1_000);
    log.info('started');
    return { log, close: async () => { clearInterval(open); throw new Error('closing redis failed'); } };
  }`);
  await started;
  child.kill('SIGTERM');
  const end = await ended;
  expect(end.code).toBe(1);
  expect(end.lines.at(-1)).toMatchObject({
    msg: 'stopped with faults',
    err: { message: 'closing redis failed' },
  });
});
