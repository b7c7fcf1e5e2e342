import { expect, test } from '@jest/globals';
import { deliverWebhook } from '@socmate/contracts';
import { createLogger } from '@socmate/runtime';
import { testQueue, until } from '@socmate/testing';
import { startConsumer } from './consumer.ts';
import { startProducer } from './producer.ts';

const nobody = { url: 'redis://127.0.0.1:1', prefix: '{test}' };

test('where Redis never answered, an add is refused at once and not kept for later', async () => {
  const producer = startProducer(deliverWebhook, nobody);
  const start = performance.now();
  for (let i = 0; i < 3; i += 1)
    await expect(producer.add({ endpointIds: ['whe_1'] })).rejects.toThrow('Redis is not reachable');
  expect(performance.now() - start).toBeLessThan(2_000);
  await producer.close();
});

test('an add right after the start waits for the connection and arrives', async () => {
  const queue = testQueue();
  const producer = startProducer(deliverWebhook, queue);
  await producer.add({ endpointIds: ['whe_1'] });
  const taken: string[] = [];
  const options = { ...queue, concurrency: 1, graceMs: 0, log: createLogger('test', 'silent') };
  const consumer = startConsumer(deliverWebhook, options, async ({ endpointIds }) => {
    taken.push(...endpointIds);
  });
  expect(await until('the job is taken', () => taken.includes('whe_1'))).toBe(true);
  await consumer.close();
  await producer.close();
});
