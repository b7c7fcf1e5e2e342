import { afterAll } from '@jest/globals';
import { cloneDatabase } from '@socmate/testing';
import { createPool, type Pool } from './pool.ts';

/** A pool on a database of the test file's own; both go with its last test. */
export async function openTestPool(size: number): Promise<Pool> {
  const database = await cloneDatabase();
  const pool = createPool(database.url, { size, name: 'test' });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  return pool;
}
