import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createAzureQuota } from './azure-quota.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 10, name: 'test' });
});
beforeEach(() => pool.query('TRUNCATE azure_quota'));
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test('many who take at once get a hundred reads together, all of what they asked for or none', async () => {
  const quota = createAzureQuota(pool, 'read');
  const taken = await Promise.all(Array.from({ length: 60 }, () => quota.take('sub', 3)));
  expect(taken.filter(Boolean)).toHaveLength(33);
  expect(await quota.available('sub')).toBe(1);
  expect(await quota.take('sub', 2)).toBe(false);
  expect(await quota.take('sub', 1)).toBe(true);
  expect(await quota.take('other', 100)).toBe(true);
});

test('a read counts for five minutes and as long as it may have been on its way', async () => {
  const quota = createAzureQuota(pool, 'read');
  await pool.query(`INSERT INTO azure_quota (subscription_id, kind, taken) VALUES ('sub', 'read',
    array_fill(now() - interval '331 seconds', ARRAY[60]) || array_fill(now() - interval '325 seconds', ARRAY[40]))`);
  expect(await quota.available('sub')).toBe(60);
  expect(await quota.take('sub', 61)).toBe(false);
  expect(await quota.take('sub', 60)).toBe(true);
  const { rows } = await pool.query('SELECT cardinality(taken) AS kept FROM azure_quota');
  expect(rows).toEqual([{ kept: 100 }]);
});

test('while Azure asked to wait nobody reads, and a shorter wait does not end a longer one', async () => {
  const quota = createAzureQuota(pool, 'read');
  await quota.block('sub', 60);
  await quota.block('sub', 0);
  expect(await quota.available('sub')).toBe(0);
  expect(await quota.take('sub', 1)).toBe(false);
  await pool.query(`UPDATE azure_quota SET blocked_until = now()`);
  expect(await quota.available('sub')).toBe(100);
  expect(await quota.take('sub', 1)).toBe(true);
});

test('writes have a limit of their own, and reads take nothing of it', async () => {
  const [reads, writes] = [createAzureQuota(pool, 'read'), createAzureQuota(pool, 'write')];
  expect(await reads.take('sub', 100)).toBe(true);
  expect(await writes.available('sub')).toBe(75);
  expect(await writes.take('sub', 75)).toBe(true);
  expect(await writes.take('sub', 1)).toBe(false);
  await writes.block('other', 60);
  expect([await writes.available('other'), await reads.available('other')]).toEqual([0, 100]);
});
