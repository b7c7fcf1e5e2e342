import { expect, test } from '@jest/globals';
import { createWriteRunner } from './write-back-runner.ts';

const heartbeat = { isAlive: () => true };
const none = () => Promise.resolve();

test('what is being written is not begun a second time', async () => {
  const begun: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = async (key: string): Promise<void> => {
    begun.push(key);
    await promise;
  };
  const runner = createWriteRunner({ heartbeat, work, free: none, graceMs: 1_000 });
  const first = runner.run('a');
  const other = runner.run('b');
  await runner.run('a');
  resolve();
  await Promise.all([first, other]);
  expect(begun).toEqual(['a', 'b']);
});

test('what could not be recorded is left alone until it was given back', async () => {
  const freed: string[] = [];
  let runs = 0;
  const work = (): Promise<void> => {
    runs += 1;
    return runs === 1 ? Promise.reject(new Error('Postgres is away')) : Promise.resolve();
  };
  const free = async (key: string): Promise<void> => void freed.push(key);
  const runner = createWriteRunner({ heartbeat, work, free, graceMs: 1_000 });
  await expect(runner.run('a')).rejects.toThrow('Postgres is away');
  await runner.run('a');
  expect([runs, freed]).toEqual([1, []]);
  await runner.freeLost();
  await runner.run('a');
  expect([runs, freed]).toEqual([2, ['a']]);
});

test('a replica whose heartbeat is late claims nothing', async () => {
  const work = (): Promise<void> => Promise.reject(new Error('it was begun'));
  const late = createWriteRunner({ heartbeat: { isAlive: () => false }, work, free: none, graceMs: 1 });
  await expect(late.run('a')).rejects.toThrow(/heartbeat is late/);
});

test('closing waits for what is under way, then cuts it off, and begins nothing more', async () => {
  const begun: string[] = [];
  const work = (key: string, signal: AbortSignal): Promise<void> => {
    begun.push(key);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  };
  const runner = createWriteRunner({ heartbeat, work, free: none, graceMs: 5 });
  const running = runner.run('a');
  await runner.close();
  await running;
  await runner.run('b');
  expect(begun).toEqual(['a']);
});
