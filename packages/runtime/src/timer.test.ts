import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { createLogger } from './logger.ts';
import { startTimer, type Timer } from './timer.ts';

const NEVER_MS = 3_600_000;

let timers: Timer[] = [];
let lines: Record<string, unknown>[] = [];
const log = createLogger('test', 'info', { write: (line) => lines.push(JSON.parse(line)) });

afterEach(async () => {
  await Promise.all(timers.map((timer) => timer.close()));
  timers = [];
  lines = [];
});

const start = (intervalMs: number, task: (signal: AbortSignal) => Promise<void>): Timer => {
  const timer = startTimer('test', intervalMs, log, task);
  timers.push(timer);
  return timer;
};

/** A task whose runs wait until they are let go. */
function heldTask() {
  const letGo: (() => void)[] = [];
  const started = new EventTarget();
  let running = 0;
  const counts = { runs: 0, most: 0 };
  const task = async (signal: AbortSignal): Promise<void> => {
    counts.runs += 1;
    running += 1;
    counts.most = Math.max(counts.most, running);
    started.dispatchEvent(new Event('run'));
    await new Promise<void>((resolve) => {
      letGo.push(resolve);
      signal.addEventListener('abort', () => resolve());
    });
    running -= 1;
  };
  return { task, counts, release: () => letGo.shift()?.(), run: () => once(started, 'run') };
}

const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await turn();
};

test('the task runs at once, and again an interval after each end', async () => {
  const ends: number[] = [];
  const starts: number[] = [];
  await new Promise<void>((resolve) => {
    start(30, async () => {
      starts.push(performance.now());
      await turns(3);
      ends.push(performance.now());
      if (ends.length === 3) resolve();
    });
  });
  expect(starts[1]! - ends[0]!).toBeGreaterThanOrEqual(28);
  expect(starts[2]! - ends[1]!).toBeGreaterThanOrEqual(28);
});

test('a task never runs twice at once, however often it is poked', async () => {
  const held = heldTask();
  const timer = start(1, held.task);
  for (let n = 0; n < 5; n += 1) {
    timer.poke();
    await turns(2);
  }
  expect(held.counts).toEqual({ runs: 1, most: 1 });
});

test('pokes during a run make it run once more, and no more than that', async () => {
  const held = heldTask();
  const timer = start(NEVER_MS, held.task);
  for (let n = 0; n < 3; n += 1) timer.poke();
  const second = held.run();
  held.release();
  await second;
  held.release();
  await turns(20);
  expect(held.counts.runs).toBe(2);
});

test('a poke between two runs starts the next at once', async () => {
  const held = heldTask();
  const timer = start(NEVER_MS, held.task);
  held.release();
  await turns(5);
  const second = held.run();
  timer.poke();
  await second;
  expect(held.counts.runs).toBe(2);
});

test.each([
  ['rejects', async () => Promise.reject(new Error('boom'))],
  [
    'throws before it returns a promise',
    () => {
      throw new Error('boom');
    },
  ],
])('a task that %s is logged and runs again', async (_how, fail) => {
  let runs = 0;
  await new Promise<void>((resolve) => {
    start(1, (): Promise<void> => {
      runs += 1;
      if (runs === 3) resolve();
      return runs < 3 ? fail() : Promise.resolve();
    });
  });
  expect(lines).toMatchObject([
    { level: 'error', timer: 'test', msg: 'timer task failed', err: { message: 'boom' } },
    { level: 'error', timer: 'test' },
  ]);
});

test('closing aborts the running tick, waits for it, and nothing runs after', async () => {
  let hasEnded = false;
  const timer = start(1, async (signal) => {
    await once(signal, 'abort');
    await turns(5);
    hasEnded = true;
  });
  await timer.close();
  expect(hasEnded).toBe(true);
});

test('a tick that ends by its aborted signal is no fault', async () => {
  const timer = start(1, async (signal) => {
    await once(signal, 'abort');
    signal.throwIfAborted();
  });
  await timer.close();
  expect(lines).toEqual([]);
});

test('closing between two runs does not wait for the interval, and a later poke does nothing', async () => {
  const held = heldTask();
  const timer = start(NEVER_MS, held.task);
  held.release();
  await turns(5);
  await timer.close();
  timer.poke();
  await turns(5);
  expect(held.counts.runs).toBe(1);
});
