import { expect, test } from '@jest/globals';
import type { DeliverWebhook } from '@socmate/contracts';
import type { AddOptions } from '@socmate/queue';
import { createLogger } from '@socmate/runtime';
import { createRetryWakeUps } from './retry-wake-ups.ts';

function build({ isAway = false } = {}) {
  const clock = { now: 1_000_000 };
  const added: (AddOptions & DeliverWebhook)[] = [];
  const lines: { msg: string }[] = [];
  const producer = {
    add: async (payload: DeliverWebhook, options: AddOptions = {}) => {
      if (isAway) throw new Error('Redis is not reachable');
      added.push({ ...payload, ...options });
    },
    close: async () => undefined,
  };
  const log = createLogger('test', 'debug', { write: (line) => lines.push(JSON.parse(line)) });
  return { clock, added, lines, onRetry: createRetryWakeUps({ producer, log, now: () => clock.now }) };
}

test('an endpoint’s retries of one moment are one wake-up', () => {
  const { added, onRetry } = build();
  for (let n = 0; n < 100; n += 1) onRetry('whe_1', 5_000 + n);
  expect(added).toHaveLength(1);
});

test('it comes when the retries are due and stored, and less than half a second later', () => {
  const { clock, added, onRetry } = build();
  for (let n = 0; n < 200; n += 1) {
    clock.now += 7;
    onRetry(`whe_${n}`, 5_000);
    expect(added.at(-1)?.delayMs).toBeGreaterThanOrEqual(5_050);
    expect(added.at(-1)?.delayMs).toBeLessThan(5_500);
  }
});

test('each endpoint and each moment has its own, under its own dedupe id', () => {
  const { added, onRetry } = build();
  onRetry('whe_1', 5_000);
  onRetry('whe_2', 5_000);
  onRetry('whe_1', 30_000);
  expect(added.map(({ endpointIds }) => endpointIds)).toEqual([['whe_1'], ['whe_2'], ['whe_1']]);
  expect(new Set(added.map(({ dedupeId }) => dedupeId)).size).toBe(3);
});

test('two notifiers that announce one moment use one dedupe id', () => {
  const [one, other] = [build(), build()];
  other.clock.now += 20;
  one.onRetry('whe_1', 5_000);
  other.onRetry('whe_1', 4_990);
  expect(one.added[0]?.dedupeId).toBe(other.added[0]?.dedupeId);
});

test('later retries are left to the timer', () => {
  const { added, onRetry } = build();
  onRetry('whe_1', 300_000);
  onRetry('whe_2', 300_001);
  expect(added.map(({ endpointIds }) => endpointIds)).toEqual([['whe_1']]);
});

test('moments that have passed are forgotten, so an endpoint is announced again and again', () => {
  const { clock, added, onRetry } = build();
  for (let n = 0; n < 1_000; n += 1) {
    clock.now += 1_000;
    onRetry('whe_1', 5_000);
  }
  expect(added).toHaveLength(1_000);
});

test('many endpoints failing at once cost little', () => {
  const { clock, added, onRetry } = build();
  const start = performance.now();
  for (let moment = 0; moment < 100; moment += 1) {
    clock.now += 250;
    for (let n = 0; n < 1_000; n += 1) onRetry(`whe_${n}`, 120_000);
  }
  expect(added).toHaveLength(100_000);
  expect(performance.now() - start).toBeLessThan(3_000);
});

test('Redis being away is logged and nothing else: the timer finds the row', async () => {
  const { lines, onRetry } = build({ isAway: true });
  onRetry('whe_1', 5_000);
  await new Promise(setImmediate);
  expect(lines).toMatchObject([{ level: 'debug', msg: 'retry not announced, the timer will find it' }]);
});
