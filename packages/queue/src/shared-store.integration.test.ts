import { afterEach, expect, test } from '@jest/globals';
import { startTestRedis, testQueue, until } from '@socmate/testing';
import { connectFailFast } from './connection.ts';
import { createGovernor, type Governor } from './governor.ts';
import { createSharedStore } from './shared-store.ts';

const { url, prefix } = testQueue();
const clients: ReturnType<typeof connectFailFast>[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

async function connected(at = url) {
  const redis = connectFailFast(at);
  clients.push(redis);
  await until('Redis is ready', () => redis.status === 'ready');
  return redis;
}

const governors = async (): Promise<[Governor, Governor]> => [
  createGovernor(await connected(), prefix),
  createGovernor(await connected(), prefix),
];

test('what one replica writes another reads, until its time is over', async () => {
  const one = createSharedStore(await connected(), prefix);
  const other = createSharedStore(await connected(), prefix);
  await one.write('a', 'text', 60_000);
  await one.write('gone', 'text', 1);
  await until('it is over', async () => (await other.read(['gone']))[0] === undefined);
  expect(await other.read(['a', 'never'])).toEqual(['text', undefined]);
});

test('a claim is one replica’s until it gives it up, and nobody gives up another’s', async () => {
  const one = createSharedStore(await connected(), prefix);
  const other = createSharedStore(await connected(), prefix);
  expect(await one.claim('c', 'mine', 60_000)).toBeUndefined();
  expect(await other.claim('c', 'theirs', 60_000)).toBe('mine');
  await other.release('c', 'theirs');
  expect(await other.claim('c', 'theirs', 60_000)).toBe('mine');
  await other.renew('c', 'theirs', 1);
  await one.renew('c', 'mine', 120_000);
  const redis = await connected();
  expect(await redis.pttl(`${prefix}:shared:c`)).toBeGreaterThan(60_000);
  await one.release('c', 'mine');
  expect(await other.claim('c', 'theirs', 60_000)).toBeUndefined();
});

test('replicas share the quota of a minute, and who comes later is told how long to wait', async () => {
  const [one, other] = await governors();
  const quotas = { perMinute: 2 };
  const taken = [];
  for (const governor of [one, other, one, other, one]) taken.push(await governor.take('m', quotas, 90_000));
  expect(taken.map(({ isTaken }) => isTaken)).toEqual([true, true, true, true, false]);
  const waits = taken.map(({ waitMs }) => Math.round(waitMs / 10_000));
  expect(waits).toEqual([0, 0, 6, 6, 12]);
  expect(taken.at(-1)?.why).toBe('minute');
});

test('who is not patient enough takes nothing from those who are', async () => {
  const [one, other] = await governors();
  const quotas = { perMinute: 1 };
  await one.take('patience', quotas, 0);
  expect(await other.take('patience', quotas, 100)).toMatchObject({ isTaken: false, why: 'minute' });
  const { isTaken, waitMs } = await other.take('patience', quotas, 60_000);
  expect({ isTaken, isFirst: waitMs <= 60_000 }).toEqual({ isTaken: true, isFirst: true });
});

test('many at once take no more than the quotas of the day', async () => {
  const [one, other] = await governors();
  const takes = Array.from({ length: 40 }, (_, at) => (at % 2 ? one : other).take('d', { perDay: 7 }, 1));
  const slots = await Promise.all(takes);
  expect(slots.filter(({ isTaken }) => isTaken)).toHaveLength(7);
  expect(slots.filter(({ why }) => why === 'day')).toHaveLength(33);
});

test('a block holds for every replica, is never made shorter, and ends', async () => {
  const [one, other] = await governors();
  await one.block('b', 60_000);
  await other.block('b', 10);
  expect(await other.take('b', {}, 1_000)).toMatchObject({ isTaken: false, why: 'blocked' });
  expect(await other.blockedMs('b')).toBeGreaterThan(50_000);
  await one.block('short', 50);
  await until('the block ends', async () => (await other.blockedMs('short')) === 0);
  expect(await other.take('short', {}, 0)).toMatchObject({ isTaken: true, waitMs: 0 });
});

test('while Redis is away or hangs, every call is refused soon', async () => {
  const server = await startTestRedis();
  const redis = await connected(server.url);
  const [store, governor] = [createSharedStore(redis, prefix), createGovernor(redis, prefix)];
  const calls = () => [store.read(['a']), store.claim('a', 'b', 1_000), governor.take('a', {}, 0)];
  const refused = async () => {
    const start = performance.now();
    const settled = await Promise.allSettled(calls());
    return settled.every(({ status }) => status === 'rejected') && performance.now() - start < 1_500;
  };
  server.pause();
  expect(await refused()).toBe(true);
  server.resume();
  await server.kill();
  expect(await refused()).toBe(true);
});
