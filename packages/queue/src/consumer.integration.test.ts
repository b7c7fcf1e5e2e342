import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { defineQueue, type QueueDefinition } from '@socmate/contracts';
import { AppError, createLogger } from '@socmate/runtime';
import { testQueue, until } from '@socmate/testing';
import { Queue } from 'bullmq';
import { z } from 'zod';
import type { QueueConnection } from './connection.ts';
import { type Consumer, type Handler, startConsumer } from './consumer.ts';
import { type Producer, startProducer } from './producer.ts';

const Payload = z.object({ id: z.string(), isForced: z.boolean().default(false) });
type Definition = QueueDefinition<typeof Payload>;

const retrying: Definition = defineQueue({
  name: 'retrying',
  owner: 'notifier',
  payload: Payload,
  retry: { attempts: 3, backoffMs: 1 },
});
const deduped: Definition = defineQueue({ ...retrying, name: 'deduped', dedupe: ({ id }) => id });

let connection: QueueConnection;
let open: { close(): Promise<void> }[] = [];
let lines: { msg: string; level: string; err?: { message: string } }[] = [];

beforeEach(() => {
  connection = testQueue();
  lines = [];
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const log = createLogger('test', 'info', { write: (line) => lines.push(JSON.parse(line)) });

async function produce(definition: Definition): Promise<Producer<typeof Payload>> {
  const producer = startProducer(definition, connection);
  open.push(producer);
  return producer;
}

function consume(definition: Definition, handle: Handler<typeof Payload>, more = {}): Consumer {
  const options = { ...connection, concurrency: 1, graceMs: 5_000, log, ...more };
  const consumer = startConsumer(definition, options, handle);
  open.push(consumer);
  return consumer;
}

/** The queue as BullMQ sees it. */
function inspect(definition: Definition): Queue {
  const { hostname: host, port } = new URL(connection.url);
  const queue = new Queue(definition.name, {
    prefix: connection.prefix,
    connection: { host, port: Number(port) },
  });
  open.push(queue);
  return queue;
}

const isEmpty = async (queue: Queue): Promise<boolean> =>
  Object.values(await queue.getJobCounts()).every((count) => count === 0);

/** A handler whose runs are counted and wait until they are let go. */
function heldHandler() {
  const runs: { payload: unknown; signal: AbortSignal; release: () => void }[] = [];
  const handle: Handler<typeof Payload> = (payload, signal) =>
    new Promise<void>((resolve) => {
      runs.push({ payload, signal, release: resolve });
    });
  return { runs, handle };
}

test('a payload is parsed on its way in: what does not parse is refused and not stored', async () => {
  const producer = await produce(retrying);
  await expect(producer.add({ id: 7 } as never)).rejects.toThrow(z.ZodError);
  expect(await isEmpty(inspect(retrying))).toBe(true);
});

test('a payload is parsed on its way out: defaults are filled in and unknown fields left out', async () => {
  const queue = inspect(retrying);
  await queue.add('retrying', { id: 'a', old: true });
  const { runs, handle } = heldHandler();
  consume(retrying, handle);
  await until('it runs', () => runs.length === 1);
  expect(runs[0]?.payload).toEqual({ id: 'a', isForced: false });
  runs[0]?.release();
});

test('a payload that can never parse fails at once, is not retried, and holds up nothing', async () => {
  const queue = inspect(retrying);
  await queue.add('retrying', { id: 7 }, { attempts: 3, removeOnFail: true });
  const producer = await produce(retrying);
  await producer.add({ id: 'good' });
  const handled: string[] = [];
  consume(retrying, async ({ id }) => void handled.push(id));
  await until(
    'the good one is handled and nothing is left',
    async () => handled.length > 0 && (await isEmpty(queue)),
  );
  expect(handled).toEqual(['good']);
  expect(lines.map(({ msg }) => msg)).toEqual(['job failed']);
  expect(lines[0]?.err?.message).toContain('the payload is not valid');
});

test.each<[string, number, Error]>([
  ['an error', 3, new Error('boom')],
  ['an AppError that may pass', 3, new AppError('unavailable', 'busy')],
  ['a permanent AppError', 1, new AppError('not_found', 'the row is gone')],
])('where a handler throws %s, a job of three attempts runs %i times', async (_what, wanted, fault) => {
  const producer = await produce(retrying);
  await producer.add({ id: 'a' });
  let runs = 0;
  consume(retrying, async () => {
    runs += 1;
    throw fault;
  });
  const queue = inspect(retrying);
  await until('the job is given up', async () => runs > 0 && (await isEmpty(queue)));
  expect(runs).toBe(wanted);
  expect(lines.map(({ err }) => err?.message)).toEqual(Array(wanted).fill(fault.message));
});

test('a handler that throws before it returns a promise is judged like any other', async () => {
  const producer = await produce(retrying);
  await producer.add({ id: 'a' });
  let runs = 0;
  consume(retrying, () => {
    runs += 1;
    throw new AppError('not_found', 'the row is gone');
  });
  const queue = inspect(retrying);
  await until('the job is given up', async () => runs > 0 && (await isEmpty(queue)));
  expect(runs).toBe(1);
});

test('a job that fails first and then succeeds is done, and nothing of it is kept', async () => {
  const producer = await produce(retrying);
  await producer.add({ id: 'a' });
  let runs = 0;
  consume(retrying, async () => {
    runs += 1;
    if (runs === 1) throw new Error('boom');
  });
  const queue = inspect(retrying);
  await until('it is done', async () => runs === 2 && (await isEmpty(queue)));
  expect(lines).toHaveLength(1);
});

test('adds of one id are one job while it waits; another id is its own', async () => {
  const producer = await produce(deduped);
  for (let n = 0; n < 5; n += 1) await producer.add({ id: 'a' });
  await producer.add({ id: 'b' });
  await producer.add({ id: 'a' }, { dedupeId: 'other' });
  expect(await inspect(deduped).getWaitingCount()).toBe(3);
});

test('without a dedupe every add is a job', async () => {
  const producer = await produce(retrying);
  for (let n = 0; n < 5; n += 1) await producer.add({ id: 'a' });
  expect(await inspect(retrying).getWaitingCount()).toBe(5);
});

test('adds while the job runs make it run once more, with the last payload', async () => {
  const producer = await produce(deduped);
  const { runs, handle } = heldHandler();
  consume(deduped, handle);
  await producer.add({ id: 'a' });
  await until('it runs', () => runs.length === 1);
  for (const isForced of [false, false, true]) await producer.add({ id: 'a', isForced });
  runs[0]?.release();
  await until('it runs again', () => runs.length === 2);
  runs[1]?.release();
  const queue = inspect(deduped);
  await until('nothing is left', () => isEmpty(queue));
  expect(runs.map(({ payload }) => payload)).toEqual([
    { id: 'a', isForced: false },
    { id: 'a', isForced: true },
  ]);
});

test('once the job has run, an add of its id is a job again, also after it failed', async () => {
  const oneTry = defineQueue({ ...deduped, retry: { attempts: 1, backoffMs: 0 } });
  const producer = await produce(oneTry);
  const queue = inspect(oneTry);
  let runs = 0;
  consume(oneTry, async () => {
    runs += 1;
    if (runs === 1) throw new Error('boom');
  });
  for (let n = 1; n <= 3; n += 1) {
    await producer.add({ id: 'a' });
    await until(`run ${n} is over`, async () => runs === n && (await isEmpty(queue)));
  }
  expect(lines).toHaveLength(1);
});

test('a delayed add comes in time, and another of its id does not come beside it', async () => {
  const producer = await produce(retrying);
  const came: number[] = [];
  consume(retrying, async () => void came.push(performance.now()));
  const start = performance.now();
  for (let n = 0; n < 3; n += 1) await producer.add({ id: 'a' }, { delayMs: 400, dedupeId: 'whe_1:4711' });
  const queue = inspect(retrying);
  await until('it has come', async () => came.length > 0 && (await isEmpty(queue)));
  expect(came).toHaveLength(1);
  expect(came[0]! - start).toBeGreaterThanOrEqual(395);
  expect(came[0]! - start).toBeLessThan(1_000);
});

test('no more than its concurrency run at once, and that many do', async () => {
  const producer = await produce(retrying);
  for (let n = 0; n < 6; n += 1) await producer.add({ id: String(n) });
  const { runs, handle } = heldHandler();
  consume(retrying, handle, { concurrency: 3 });
  await until('three run', () => runs.length === 3);
  expect(await inspect(retrying).getWaitingCount()).toBe(3);
  for (let n = 0; n < 6; n += 1) {
    await until('it runs', () => runs.length > n);
    runs[n]?.release();
  }
});

test('closing takes no more, waits for the running handler and does not disturb it', async () => {
  const producer = await produce(retrying);
  await producer.add({ id: 'a' });
  const { runs, handle } = heldHandler();
  const consumer = consume(retrying, handle);
  await until('it runs', () => runs.length === 1);
  await producer.add({ id: 'b' });
  let isClosed = false;
  const close = async (): Promise<void> => {
    await consumer.close();
    isClosed = true;
  };
  const closing = close();
  const queue = inspect(retrying);
  await queue.getJobCounts();
  expect([isClosed, runs[0]?.signal.aborted]).toEqual([false, false]);
  runs[0]?.release();
  await closing;
  expect(runs).toHaveLength(1);
  expect(await queue.getJobCounts('waiting', 'active')).toEqual({ waiting: 1, active: 0 });
});

test('a handler that outlives the grace has its signal aborted, and closing waits for it to end', async () => {
  const producer = await produce(retrying);
  await producer.add({ id: 'a' });
  let hasEnded = false;
  let isRunning = false;
  const consumer = consume(
    retrying,
    async (_payload, signal) => {
      isRunning = true;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await new Promise(setImmediate);
      hasEnded = true;
    },
    { graceMs: 150 },
  );
  await until('it runs', () => isRunning);
  const start = performance.now();
  await consumer.close();
  expect(hasEnded).toBe(true);
  expect(performance.now() - start).toBeGreaterThanOrEqual(140);
  expect(performance.now() - start).toBeLessThan(3_000);
});
