import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createApiKey } from '@socmate/crypto';
import {
  createApiKeyCredentials,
  createPool,
  createPrisma,
  type Pool,
  type PrismaClient,
} from '@socmate/database';
import { createIds, systemClock } from '@socmate/runtime';
import { cloneDatabase, type TestDatabase } from '@socmate/testing';
import { keepBootstrapKey } from './bootstrap-key.ts';

let database: TestDatabase;
let pool: Pool;
let prisma: PrismaClient;
beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 5, name: 'test' });
  prisma = createPrisma(pool);
});
afterAll(async () => {
  await prisma.$disconnect();
  await pool.end();
  await database.drop();
});

const keep = (apiKey: string) =>
  keepBootstrapKey({ prisma, clock: systemClock, ids: createIds() }, apiKey, 120);

test('of several gateways that start at once one stores the key, and the audit log tells of it once', async () => {
  const { apiKey, keyId } = createApiKey();
  const outcomes = await Promise.all([keep(apiKey), keep(apiKey), keep(apiKey)]);
  expect(outcomes.sort()).toEqual(['added', 'known', 'known']);
  const { rows } = await pool.query(
    'SELECT a.action FROM audit_log AS a JOIN api_key AS k ON k.id = a.target_id WHERE k.key_id = $1',
    [keyId],
  );
  expect(rows).toEqual([{ action: 'api_key.bootstrapped' }]);
});

test('a bootstrap key that was deleted does not come back with the next start', async () => {
  const { apiKey, keyId } = createApiKey();
  await keep(apiKey);
  await pool.query('UPDATE api_key SET deleted_at = now() WHERE key_id = $1', [keyId]);
  expect(await keep(apiKey)).toBe('known');
  expect(await createApiKeyCredentials(pool).byKeyId(keyId)).toBeUndefined();
});

test('only the hash of the key is stored', async () => {
  const { apiKey, keyId, secret } = createApiKey();
  await keep(apiKey);
  const { rows } = await pool.query('SELECT * FROM api_key WHERE key_id = $1', [keyId]);
  expect(rows).toMatchObject([{ is_bootstrap: true, created_by: 'host' }]);
  expect(JSON.stringify(rows)).not.toContain(secret);
});

test('what is no key stops the start, and is not repeated in the message', async () => {
  await expect(keep('hunter2')).rejects.toThrow(/^BOOTSTRAP_ADMIN_KEY is not of the form/);
  await expect(keep('hunter2')).rejects.not.toThrow(/hunter2/);
});
