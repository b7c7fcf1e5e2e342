import { expect, test } from '@jest/globals';
import { anEndpoint } from '@socmate/testing';
import { forgetExpiredSecrets } from './expired-secrets.ts';
import { openTestPool } from './pool-fixture.ts';

const pool = await openTestPool(2);

test('a secret is forgotten when its overlap is well over, and no sooner', async () => {
  for (const minutes of [-61, -59, 60]) {
    await anEndpoint(pool, {
      id: `whe_${minutes}`,
      previous_secret_sealed: 'sealed',
      previous_secret_expires_at: new Date(Date.now() + minutes * 60_000),
    });
  }
  expect(await forgetExpiredSecrets(pool)).toBe(1);
  const { rows } = await pool.query('SELECT id FROM webhook_endpoint WHERE previous_secret_sealed IS NULL');
  expect(rows).toEqual([{ id: 'whe_-61' }]);
});
