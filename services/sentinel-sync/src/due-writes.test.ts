import { expect, test } from '@jest/globals';
import type { DueWrite } from '@socmate/database';
import { createLogger } from '@socmate/runtime';
import { until } from '@socmate/testing';
import { startDueWrites } from './due-writes.ts';

const of = (providerId: string, key: string): DueWrite => ({ providerId, key, lagMs: 0 });

test('a workspace that hangs holds up no other, and is begun no more often than its lanes allow', async () => {
  const found = Array.from({ length: 9 }, (_, index) => of('hanging', `hanging-${index}`));
  const begun: string[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const run = async (key: string): Promise<void> => {
    begun.push(key);
    if (key.startsWith('hanging')) await released;
  };
  const timer = startDueWrites({
    queue: 'post-comment',
    due: () => Promise.resolve(found),
    runner: { run, freeLost: () => Promise.resolve() },
    log: createLogger('test', 'silent'),
  });
  await until('the workspace hangs', () => begun.length > 0);
  found.push(of('other', 'other-1'));
  timer.poke();
  await until('the other workspace is written to', () => begun.includes('other-1'));
  expect(begun.filter((key) => key.startsWith('hanging'))).toHaveLength(4);
  release();
  await timer.close();
});

test('a write that ends badly leaves its workspace to the next tick', async () => {
  const begun: string[] = [];
  const run = (key: string): Promise<void> => {
    begun.push(key);
    return Promise.reject(new Error('Postgres is away'));
  };
  const timer = startDueWrites({
    queue: 'post-comment',
    due: () => Promise.resolve([of('a', 'a-1')]),
    runner: { run, freeLost: () => Promise.resolve() },
    log: createLogger('test', 'silent'),
  });
  await until('it was tried again', () => {
    timer.poke();
    return begun.length > 1;
  });
  await timer.close();
  expect(new Set(begun)).toEqual(new Set(['a-1']));
});
