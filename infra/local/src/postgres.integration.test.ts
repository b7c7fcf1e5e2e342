import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { migrate } from '@socmate/database';
import { type Postgres, startPostgres } from './postgres.ts';
import { postgresDataFolders } from './postgres-home.ts';

const isRoot = process.getuid?.() === 0;
const parent = mkdtempSync(join(tmpdir(), 'socmate-closed-'));
const clone = join(parent, 'clone', '.local');
let dataFolder = '';
const used: string[] = [];

beforeEach(() => {
  dataFolder = join(clone, `postgres-${used.length}`);
  used.push(dataFolder);
});
afterAll(() => {
  for (const data of used.flatMap(postgresDataFolders)) rmSync(data, { recursive: true, force: true });
  rmSync(parent, { recursive: true, force: true });
});

const start = () =>
  startPostgres({
    dataFolder,
    records: join(clone, 'processes'),
    password: 'secret',
    databases: ['socmate'],
    isThrowaway: true,
  });

/** What was applied just now: all of it to an empty database, nothing to one that was kept. */
async function appliedTo(postgres: Postgres): Promise<string[]> {
  const applied: string[] = [];
  await migrate(postgres.url('socmate'), (name) => applied.push(name));
  return applied;
}

test('it starts under a parent that its user may not enter, and keeps its data there', async () => {
  expect(statSync(parent).mode & 0o777).toBe(0o700);
  const postgres = await start();
  expect(await appliedTo(postgres)).not.toEqual([]);
  expect(postgres.dataFolder.startsWith(parent)).toBe(!isRoot);
  await postgres.stop();
  const again = await start();
  expect(await appliedTo(again)).toEqual([]);
  await again.stop();
});

test('it comes back with its data after it was killed', async () => {
  const postgres = await start();
  await appliedTo(postgres);
  await postgres.kill();
  await postgres.restart();
  expect(await appliedTo(postgres)).toEqual([]);
  await postgres.stop();
});

test('a server that was left on the folder is stopped, and so is a pid file of another process', async () => {
  const left = await start();
  const next = await start();
  expect(left.isRunning).toBe(false);
  expect(await appliedTo(next)).not.toEqual([]);
  await next.stop();
  const pidFile = join(next.dataFolder, 'cluster/postmaster.pid');
  writeFileSync(pidFile, `${process.pid}\n`);
  await (await start()).stop();
  expect(existsSync(pidFile)).toBe(false);
});

test('a cluster whose making was interrupted is made anew', async () => {
  const first = await start();
  await first.stop();
  renameSync(join(first.dataFolder, 'cluster'), join(first.dataFolder, 'cluster.part'));
  rmSync(join(first.dataFolder, 'cluster.part/base'), { recursive: true });
  const postgres = await start();
  expect(await appliedTo(postgres)).not.toEqual([]);
  await postgres.stop();
});

test('data of another version of Postgres is named, not touched', async () => {
  const postgres = await start();
  await postgres.stop();
  const version = join(postgres.dataFolder, 'cluster/PG_VERSION');
  writeFileSync(version, '12\n');
  await expect(start()).rejects.toThrow(
    /was made by Postgres 12 and this is Postgres \d+: start with --fresh/,
  );
  expect(readFileSync(version, 'utf8')).toBe('12\n');
});
