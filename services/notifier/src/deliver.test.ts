import { expect, test } from '@jest/globals';
import { createLogger, systemClock } from '@socmate/runtime';
import { createDeliver } from './deliver.ts';
import type { Target } from './targets.ts';

const delivery = {
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
} as const;

const unsent = {
  outcome: 'internal',
  statusCode: null,
  responseHeaders: null,
  responseBody: null,
  startedAt: new Date(),
  durationMs: 1,
  requestHeaders: {},
} as const;

/** The delays with which a delivery is given back whose POST was not sent. */
async function givenBack(isAliveAfter: boolean): Promise<number[]> {
  const delays: number[] = [];
  let isAlive = true;
  const deliver = createDeliver({
    health: { disable: async () => false },
    ownership: { isAlive: () => isAlive },
    targets: { refresh: async () => undefined, of: () => ({}) as Target },
    send: async () => {
      isAlive = isAliveAfter;
      return unsent;
    },
    recorder: { settle: () => undefined, putBack: (_delivery, delayMs) => void delays.push(delayMs) },
    clock: systemClock,
    random: () => 0,
    log: createLogger('test', 'silent'),
    onRetry: () => undefined,
  });
  await deliver(delivery, new AbortController().signal, undefined);
  return delays;
}

test('what the fence stopped at the wire is due at once, and what a fault of ours stopped is not', async () => {
  expect(await givenBack(false)).toEqual([0]);
  expect(await givenBack(true)).toEqual([30_000]);
});
