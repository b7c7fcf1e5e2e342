import { expect, test } from '@jest/globals';
import { cloneDatabase, testQueue, until } from '@socmate/testing';
import { Config } from './config.ts';
import { startInvestigator } from './service.ts';

test.each([
  ['with Redis', testQueue().url, 'ok'],
  ['without Redis', 'redis://127.0.0.1:1', 'degraded'],
])('%s it starts, is ready, and stops cleanly', async (_, REDIS_URL, status) => {
  const database = await cloneDatabase();
  const env = { LOG_LEVEL: 'silent', DATABASE_URL: database.url, REDIS_URL };
  const service = await startInvestigator(Config.parse(env));
  await until(`it is ${status}`, async () => {
    const answer = await fetch(`${service.healthUrl}/health/ready`);
    return answer.status === 200 && ((await answer.json()) as { status: string }).status === status;
  });
  await service.close();
  await expect(fetch(`${service.healthUrl}/health/live`)).rejects.toThrow();
  await database.drop();
});
