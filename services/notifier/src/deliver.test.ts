import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { ClaimedDelivery, ReturnedDelivery, SettledAttempt } from '@socmate/database';
import { createLogger, systemClock } from '@socmate/runtime';
import type { Attempt } from './attempt.ts';
import { createDeliver } from './deliver.ts';
import type { Target } from './targets.ts';

const target: Target = {
  id: 'whe_1',
  urlSealed: 'sealed',
  url: new URL('https://receiver.example/'),
  path: '/',
  isBlocked: false,
  keysAt: () => [],
  headers: {},
  authorize: { headers: async () => ({}), refused: () => undefined },
  secrets: [],
  timeoutMs: 1_000,
  retryScheduleS: [5],
  maxInFlight: 10,
  rateLimitPerSecond: null,
};

const delivery: ClaimedDelivery = {
  id: 'dlv_1',
  lease: 'wrk_1:1',
  endpointId: 'whe_1',
  endpointVersion: '1',
  eventId: 'evt_1',
  eventType: 'incident-alert',
  attemptsCount: 0,
  scheduleStart: 0,
  body: Buffer.alloc(0),
  traceparent: null,
};

const failed: Attempt = {
  outcome: 'internal',
  statusCode: null,
  responseHeaders: null,
  responseBody: null,
  startedAt: new Date(),
  durationMs: 1,
  requestHeaders: {},
};

const quiet = {
  health: { disable: async () => true },
  ownership: { isAlive: () => true },
  targets: { refresh: async () => undefined, of: () => target },
  recorder: { settle: () => undefined, putBack: () => undefined },
  clock: systemClock,
  random: () => 0,
  log: createLogger('test', 'silent'),
  onRetry: () => undefined,
};

interface Course {
  /** Whether the process is alive before the attempt and after it. */
  readonly alive: readonly [boolean, boolean];
  readonly isCancelled?: boolean;
}

/** What becomes of a delivery whose attempt fails by a fault of ours. */
async function courseOf({ alive: [before, after], isCancelled = false }: Course) {
  const cancel = new AbortController();
  const seen = { sent: 0, settled: [] as SettledAttempt[], delays: [] as number[] };
  const recorder = {
    settle: (attempt: SettledAttempt) => void seen.settled.push(attempt),
    putBack: (_delivery: Pick<ReturnedDelivery, 'lease'>, delayMs: number) => void seen.delays.push(delayMs),
  };
  const deliver = createDeliver({
    ...quiet,
    ownership: { isAlive: () => (seen.sent === 0 ? before : after) },
    send: async () => {
      seen.sent += 1;
      if (isCancelled) cancel.abort();
      return failed;
    },
    recorder,
  });
  await deliver(delivery, cancel.signal, undefined);
  return { sent: seen.sent, settled: seen.settled, delayMs: seen.delays };
}

test('an attempt that fails by a fault of ours is put back for half a minute, and is not counted', async () => {
  expect(await courseOf({ alive: [true, true] })).toEqual({ sent: 1, settled: [], delayMs: [30_000] });
});

test('an endpoint that is gone is disabled before the attempt counts as done', async () => {
  const { promise: disabled, resolve } = Promise.withResolvers<boolean>();
  const seen: string[] = [];
  const disable = (_id: string, reason: string) => (seen.push(reason), disabled);
  const delivering = createDeliver({
    ...quiet,
    health: { disable },
    send: async () => ({ ...failed, outcome: 'http_error', statusCode: 410 }),
  })(delivery, new AbortController().signal, undefined).then(() => seen.push('done'));
  await setImmediate();
  expect(seen).toEqual([expect.stringContaining('410')]);
  resolve(true);
  await delivering;
  expect(seen).toHaveLength(2);
});

test('one that was cut because the process may have been declared dead may go on at once', async () => {
  expect(await courseOf({ alive: [true, false] })).toEqual({ sent: 1, settled: [], delayMs: [0] });
});

test('one that was cut because the process stops may go on at once', async () => {
  const course = await courseOf({ alive: [true, true], isCancelled: true });
  expect(course).toEqual({ sent: 1, settled: [], delayMs: [0] });
});

test('nothing is sent by a process that may have been declared dead', async () => {
  expect(await courseOf({ alive: [false, false] })).toEqual({ sent: 0, settled: [], delayMs: [0] });
});
