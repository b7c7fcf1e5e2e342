import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { defineQueue } from '@socmate/contracts';
import { createLogger } from '@socmate/runtime';
import { startTestRedis, type TestRedis, until } from '@socmate/testing';
import { z } from 'zod';
import { type Consumer, type Handler, startConsumer } from './consumer.ts';
import { startProducer } from './producer.ts';
import { startRedisHealth } from './redis-health.ts';

const Payload = z.object({ id: z.string() });
const wakeUp = defineQueue({
  name: 'wake-up',
  owner: 'notifier',
  payload: Payload,
  retry: { attempts: 1, backoffMs: 0 },
});

const SEVERAL_TRIES_MS = 500;

let redis: TestRedis;
let lines: { msg: string; reason?: string }[] = [];

beforeEach(async () => {
  redis = await startTestRedis();
  lines = [];
});
afterEach(async () => {
  redis.resume();
  await redis.kill();
});

const log = createLogger('test', 'info', { write: (line) => lines.push(JSON.parse(line)) });
const connection = () => ({ url: redis.url, prefix: '{test}' });

const consume = (handle: Handler<typeof Payload>, graceMs = 5_000): Consumer =>
  startConsumer(wakeUp, { ...connection(), concurrency: 2, graceMs, log }, handle);

const took = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** A handler that says when it runs and waits until it is let go. */
function heldHandler() {
  const letGo = Promise.withResolvers<void>();
  const state = { runs: 0, isAborted: false, hasEnded: false };
  const handle: Handler<typeof Payload> = async (_payload, signal) => {
    state.runs += 1;
    signal.addEventListener('abort', () => {
      state.isAborted = true;
      letGo.resolve();
    });
    await letGo.promise;
    state.hasEnded = true;
  };
  return { state, handle, release: letGo.resolve };
}

test('while Redis is away an add is refused at once, and when it is back the same producer works', async () => {
  const producer = startProducer(wakeUp, connection());
  await producer.add({ id: 'a' });
  await redis.kill();
  await until('an add is refused', () =>
    producer.add({ id: 'b' }).then(
      () => false,
      () => true,
    ),
  );
  expect(
    await took(() => expect(producer.add({ id: 'c' })).rejects.toThrow('Redis is not reachable')),
  ).toBeLessThan(200);
  await redis.start();
  const isAdded = () =>
    producer.add({ id: 'd' }).then(
      () => true,
      () => false,
    );
  expect(await until('an add is taken', isAdded)).toBe(true);
  await producer.close();
});

test('while Redis is away the health check says so at once, and a producer closes soon', async () => {
  const producer = startProducer(wakeUp, connection());
  const health = startRedisHealth(redis.url);
  await producer.add({ id: 'a' });
  await health.check();
  await redis.kill();
  expect(await took(() => expect(health.check()).rejects.toThrow())).toBeLessThan(200);
  health.close();
  expect(await took(() => producer.close())).toBeLessThan(1_000);
});

test('where Redis hangs an add is refused within its time, the health check too, and both close soon', async () => {
  const producer = startProducer(wakeUp, connection());
  const health = startRedisHealth(redis.url);
  await producer.add({ id: 'a' });
  await health.check();
  redis.pause();
  const waiting = took(() => expect(producer.add({ id: 'b' })).rejects.toThrow('Redis is not reachable'));
  await expect(health.check()).rejects.toThrow(/timed out/i);
  expect(await waiting).toBeLessThan(3_000);
  health.close();
  expect(await took(() => producer.close())).toBeLessThan(3_000);
});

test('a consumer goes on after Redis was killed and came back empty', async () => {
  const handled: string[] = [];
  const consumer = consume(async ({ id }) => void handled.push(id));
  const producer = startProducer(wakeUp, connection());
  await producer.add({ id: 'before' });
  await until('it is handled', () => handled.length === 1);
  await redis.kill();
  await until('the fault is told', () => lines.some(({ reason }) => reason?.includes('ECONNREFUSED')));
  await delay(SEVERAL_TRIES_MS);
  const reasons = lines.map(({ reason }) => reason);
  expect(reasons).toEqual([...new Set(reasons)]);
  await redis.start();
  const isAdded = () =>
    producer.add({ id: 'after' }).then(
      () => true,
      () => false,
    );
  await until('an add is taken', isAdded);
  await until('it is handled', () => handled.includes('after'));
  await consumer.close();
  await producer.close();
});

test('a handler that runs while Redis dies ends undisturbed, and the consumer goes on', async () => {
  const { state, handle, release } = heldHandler();
  const consumer = consume(handle);
  const producer = startProducer(wakeUp, connection());
  await producer.add({ id: 'a' });
  await until('it runs', () => state.runs === 1);
  await redis.kill();
  await redis.start();
  release();
  const isAdded = () =>
    producer.add({ id: 'b' }).then(
      () => true,
      () => false,
    );
  await until('an add is taken', isAdded);
  expect(await until('the next is handled', () => state.runs === 2)).toBe(true);
  expect(state.isAborted).toBe(false);
  await consumer.close();
  await producer.close();
});

test.each(['away', 'hanging'] as const)('an idle consumer closes soon while Redis is %s', async (how) => {
  const handled: string[] = [];
  const consumer = consume(async ({ id }) => void handled.push(id), 500);
  const producer = startProducer(wakeUp, connection());
  await producer.add({ id: 'a' });
  await until('it is handled', () => handled.length === 1);
  if (how === 'away') await redis.kill();
  else redis.pause();
  expect(await took(() => consumer.close())).toBeLessThan(3_000);
  await producer.close();
});

test.each(['away', 'hanging'] as const)(
  'with Redis %s, closing waits for a running handler, and returns soon after',
  async (how) => {
    const { state, handle, release } = heldHandler();
    const consumer = consume(handle, 3_000);
    const producer = startProducer(wakeUp, connection());
    await producer.add({ id: 'a' });
    await until('it runs', () => state.runs === 1);
    await producer.close();
    if (how === 'hanging') redis.pause();
    else {
      await redis.kill();
      await until('the fault is told', () => lines.length > 0);
    }
    const closing = took(() => consumer.close());
    setTimeout(release, 200);
    expect(await closing).toBeLessThan(5_000);
    expect(state).toMatchObject({ isAborted: false, hasEnded: true });
  },
);

test('a consumer whose Redis dies while it closes returns soon after its handler has ended', async () => {
  const { state, handle, release } = heldHandler();
  const consumer = consume(handle, 1_500);
  const producer = startProducer(wakeUp, connection());
  await producer.add({ id: 'a' });
  await until('it runs', () => state.runs === 1);
  await producer.close();
  const closing = took(() => consumer.close());
  await redis.kill();
  release();
  expect(await closing).toBeLessThan(4_000);
});
