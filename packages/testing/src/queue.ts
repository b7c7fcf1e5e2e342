import { randomBytes } from 'node:crypto';
import { requireEnv } from './require-env.ts';

/** The test run's Redis, under a prefix of this test file's own. */
export const testQueue = (): { url: string; prefix: string } => ({
  url: requireEnv('TEST_REDIS_URL'),
  prefix: `{test-${randomBytes(6).toString('hex')}}`,
});
