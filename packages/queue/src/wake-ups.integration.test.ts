import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deliverWebhook } from '@socmate/contracts';
import { createLogger } from '@socmate/runtime';
import { startTestRedis, type TestRedis, until } from '@socmate/testing';
import { startConsumer } from './consumer.ts';
import { startWakeUps } from './wake-ups.ts';

let redis: TestRedis;
let lines: { level: string; msg: string; queue: string; reason: string }[] = [];

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
const payload = { endpointIds: ['whe_1'] };

test('a wake-up that Redis took is answered with true, arrives, and is not logged', async () => {
  const wakeUps = startWakeUps(deliverWebhook, connection(), log);
  expect(await wakeUps.wake(payload)).toBe(true);
  const taken: string[] = [];
  const options = { ...connection(), concurrency: 1, graceMs: 0, log };
  const consumer = startConsumer(deliverWebhook, options, async ({ endpointIds }) => {
    taken.push(...endpointIds);
  });
  await until('it arrives', () => taken.includes('whe_1'));
  await consumer.close();
  await wakeUps.close();
  expect(lines).toEqual([]);
});

test.each([
  ['away', 'Redis is not reachable'],
  ['hanging', 'Redis does not answer'],
] as const)(
  'with Redis %s a wake-up answers false within its second and logs one line',
  async (how, reason) => {
    const wakeUps = startWakeUps(deliverWebhook, connection(), log);
    await wakeUps.wake(payload);
    if (how === 'away') await redis.kill();
    else redis.pause();
    const start = performance.now();
    expect(await wakeUps.wake(payload)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_500);
    expect(lines).toMatchObject([{ level: 'warn', queue: 'deliver-webhook', reason }]);
    await wakeUps.close();
  },
);
