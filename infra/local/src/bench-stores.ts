import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lifecycle } from '@socmate/runtime';
import { findRedisServer } from './find-redis.ts';
import { LaunchError } from './launch-error.ts';
import { takeLock } from './lock.ts';
import { localFolder } from './paths.ts';
import { startPostgres } from './postgres.ts';
import { postgresDataFolders } from './postgres-home.ts';
import { stopRecorded } from './process-records.ts';
import type { Console } from './progress.ts';
import { startGuardian } from './start-guardian.ts';
import type { StopSignals } from './stop-signals.ts';
import type { TestStores } from './test-stores.ts';
import { unlessGivenUp } from './unless-given-up.ts';

const WAIT_FOR_ANOTHER_MS = 600_000;

export interface BenchStoresOptions {
  readonly console: Console;
  readonly stop: StopSignals;
  /** Forgets the data that benchmarks have loaded before. */
  readonly isFresh: boolean;
}

/** Postgres as `npm start` runs it, which waits for the disk; data that took long to load is kept between runs. */
export function startBenchStores({ console, stop, isFresh }: BenchStoresOptions): Promise<TestStores> {
  return Lifecycle.start(async (life) => {
    const folder = join(localFolder(), 'bench');
    const records = join(folder, 'processes');
    const run = join(folder, 'run');
    life.use('lock', await claim(folder, console), (lock) => lock.release());
    await stopRecorded(records);
    rmSync(run, { recursive: true, force: true });
    if (isFresh) forget(folder);
    mkdirSync(run, { recursive: true });
    life.use('run folder', run, (path) => rmSync(path, { recursive: true, force: true }));
    life.use('guardian', startGuardian(records), (guardian) => guardian.close());
    life.use('stores', records, (all) => stopRecorded(all, { hurry: stop.forced }));
    const starting = startParts(folder, records, console);
    const env = await unlessGivenUp(starting, records, stop.wanted);
    return {
      env: { ...env, TEST_RUN_FOLDER: run, TEST_PROCESS_RECORDS: records },
      close: () => life.close(),
    };
  });
}

/** Two at a time would measure each other. */
async function claim(folder: string, console: Console): Promise<{ release(): void }> {
  const first = await takeLock(folder);
  if ('release' in first) return first;
  console.line(`another benchmark is running (process ${first.pid}): waiting for its end`);
  const lock = await takeLock(folder, WAIT_FOR_ANOTHER_MS);
  if ('release' in lock) return lock;
  throw new LaunchError(
    `Another benchmark is still running (process ${lock.pid}): wait for it, or stop it with \`kill ${lock.pid}\`.`,
  );
}

function forget(folder: string): void {
  for (const data of postgresDataFolders(join(folder, 'postgres')))
    rmSync(data, { recursive: true, force: true });
  rmSync(passwordFile(folder), { force: true });
  const graphs = readdirSync(folder).filter((name) => name.startsWith('graph-'));
  for (const graph of graphs) rmSync(join(folder, graph), { recursive: true, force: true });
}

async function startParts(
  folder: string,
  records: string,
  console: Console,
): Promise<Record<string, string>> {
  const progress = console.part('stores');
  const server = await findRedisServer(progress);
  const postgres = await startPostgres({
    dataFolder: join(folder, 'postgres'),
    records,
    password: keepPassword(folder),
    databases: [],
    settings: ['shared_preload_libraries=pg_stat_statements', 'track_commit_timestamp=on'],
  });
  progress.done('ready');
  return { TEST_POSTGRES_URL: postgres.url('postgres'), TEST_REDIS_SERVER: server };
}

const passwordFile = (folder: string): string => join(folder, 'password');

/** The cluster knows the password that it was made with. */
function keepPassword(folder: string): string {
  const file = passwordFile(folder);
  if (!existsSync(file)) writeFileSync(file, randomBytes(12).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
