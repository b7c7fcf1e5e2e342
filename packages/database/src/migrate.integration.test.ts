import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '@socmate/testing';
import { migrate } from './migrate.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
let folder: string;

beforeEach(async () => {
  database = await cloneDatabase('template0');
  pool = createPool(database.url, { size: 2, name: 'test' });
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
});
afterEach(async () => {
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function give(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'migration.sql'), sql);
}

async function migrateHere(): Promise<string[]> {
  const applied: string[] = [];
  await migrate(database.url, (name) => applied.push(name), pathToFileURL(`${folder}/`));
  return applied;
}

const recorded = async (): Promise<string[]> =>
  (await pool.query('SELECT migration_name AS name FROM _prisma_migrations ORDER BY name')).rows.map(
    ({ name }) => name,
  );

const exists = async (table: string): Promise<boolean> =>
  (await pool.query('SELECT to_regclass($1) IS NOT NULL AS found', [table])).rows[0].found;

test('an empty database gets the whole schema, and a second run changes nothing', async () => {
  const applied: string[] = [];
  await migrate(database.url, (name) => applied.push(name));
  expect(applied.length).toBeGreaterThan(0);
  const { rows: before } = await pool.query('SELECT * FROM _prisma_migrations');
  expect(before).toMatchObject(
    applied.map((migration_name) => ({ migration_name, applied_steps_count: 1, rolled_back_at: null })),
  );
  const again: string[] = [];
  await migrate(database.url, (name) => again.push(name));
  expect(again).toEqual([]);
  expect((await pool.query('SELECT * FROM _prisma_migrations')).rows).toEqual(before);
});

test('migrations run in the order of their names, each once, later ones when they come', async () => {
  await give('2_fill', `INSERT INTO note VALUES ('two')`);
  await give('1_make', 'CREATE TABLE note (text text)');
  expect(await migrateHere()).toEqual(['1_make', '2_fill']);
  await give('3_fill', `INSERT INTO note VALUES ('three')`);
  expect(await migrateHere()).toEqual(['3_fill']);
  expect((await pool.query('SELECT text FROM note')).rows).toEqual([{ text: 'two' }, { text: 'three' }]);
});

test('many that migrate at once apply each migration once', async () => {
  await give('1_make', 'CREATE TABLE note (text text); SELECT pg_sleep(0.05)');
  await give('2_fill', `INSERT INTO note VALUES ('two')`);
  const applied = await Promise.all(Array.from({ length: 5 }, migrateHere));
  expect(applied.flat().toSorted()).toEqual(['1_make', '2_fill']);
  expect((await pool.query('SELECT FROM note')).rowCount).toBe(1);
});

test('a migration that was changed after it was applied is refused, and what follows it is not run', async () => {
  await give('1_make', 'CREATE TABLE note (text text)');
  await migrateHere();
  await give('1_make', 'CREATE TABLE note (text text, more text)');
  await give('2_fill', `INSERT INTO note VALUES ('two')`);
  await expect(migrateHere()).rejects.toThrow('migration 1_make was changed after it was applied');
  expect(await recorded()).toEqual(['1_make']);
});

test('a migration that fails leaves nothing of itself and keeps what came before; mended, it runs', async () => {
  await give('1_make', 'CREATE TABLE note (text text)');
  await give('2_more', 'CREATE TABLE more (n int); INSERT INTO more VALUES (1); SELECT 1 / 0');
  const fault = await migrateHere().catch((thrown: unknown) => thrown);
  expect(fault).toMatchObject({ message: 'migration 2_more failed', cause: { message: 'division by zero' } });
  expect([await exists('note'), await exists('more')]).toEqual([true, false]);
  expect(await recorded()).toEqual(['1_make']);
  await give('2_more', 'CREATE TABLE more (n int)');
  expect(await migrateHere()).toEqual(['2_more']);
});

test('what Prisma Migrate has marked as rolled back or not finished is applied', async () => {
  await give('1_make', 'CREATE TABLE note (text text)');
  await migrateHere();
  await pool.query('DROP TABLE note');
  await pool.query('UPDATE _prisma_migrations SET rolled_back_at = now()');
  expect(await migrateHere()).toEqual(['1_make']);
});

test('a folder without migrations is a fault, not an empty schema', async () => {
  await expect(migrate(database.url, () => undefined, pathToFileURL(`${folder}/missing/`))).rejects.toThrow(
    'ENOENT',
  );
});

test('the checksums are those of Prisma Migrate: sha256 of the file', async () => {
  await cp(new URL('../prisma/migrations/', import.meta.url), folder, { recursive: true });
  await migrateHere();
  await migrate(database.url);
  const { rows } = await pool.query(`SELECT checksum FROM _prisma_migrations`);
  for (const { checksum } of rows) expect(checksum).toMatch(/^[0-9a-f]{64}$/);
});
