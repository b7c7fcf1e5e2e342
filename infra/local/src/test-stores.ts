import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { migrate } from '@socmate/database';
import { Lifecycle } from '@socmate/runtime';
import { allSettled } from './all-settled.ts';
import { fetchNeo4j } from './fetch-neo4j.ts';
import { findRedisServer } from './find-redis.ts';
import { explain } from './launch-error.ts';
import { LOCK_FILE, lockHolder, takeLock } from './lock.ts';
import { neo4jSource, startNeo4j } from './neo4j.ts';
import { localFolder } from './paths.ts';
import { startPostgres } from './postgres.ts';
import { postgresDataFolders } from './postgres-home.ts';
import { processIdentity } from './process-identity.ts';
import { stopRecorded } from './process-records.ts';
import type { Console } from './progress.ts';
import { startRedis } from './redis.ts';
import { startGuardian } from './start-guardian.ts';
import type { StopSignals } from './stop-signals.ts';
import { unlessGivenUp } from './unless-given-up.ts';

const TEMPLATE = 'socmate_template';

export interface TestStores {
  /** What tests read: `TEST_*`. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

type StartPart = (run: TestRun) => Promise<Record<string, string>>;

/** Throw-away stores of this run alone; variables that are set already name stores to use instead. */
export const startTestStores = (console: Console, stop: StopSignals): Promise<TestStores> =>
  startParts([testPostgres, testRedis, testNeo4j], console, stop);

/** Postgres alone, which takes a few seconds and needs nothing but what npm installs. */
export const startTestPostgres = (console: Console, stop: StopSignals): Promise<TestStores> =>
  startParts([testPostgres], console, stop);

function startParts(starts: readonly StartPart[], console: Console, stop: StopSignals): Promise<TestStores> {
  return Lifecycle.start(async (life) => {
    await sweepTestRuns();
    const folder = join(localFolder(), 'test', `${process.pid}`);
    const records = join(folder, 'processes');
    mkdirSync(folder, { recursive: true });
    await takeLock(folder);
    life.use('test run folder', folder, removeTestRun);
    life.use('guardian', startGuardian(records), (guardian) => guardian.close());
    life.use('stores', records, (all) => stopRecorded(all, { hurry: stop.forced }));
    const run = { folder, records, console, signal: stop.wanted };
    const parts = await unlessGivenUp(allSettled(starts.map((start) => start(run))), records, stop.wanted);
    return {
      env: Object.assign({ TEST_RUN_FOLDER: folder, TEST_PROCESS_RECORDS: records }, ...parts),
      close: () => life.close(),
    };
  });
}

interface TestRun {
  readonly folder: string;
  readonly records: string;
  readonly console: Console;
  readonly signal: AbortSignal;
}

async function testPostgres({ folder, records, console }: TestRun): Promise<Record<string, string>> {
  if (process.env['TEST_POSTGRES_URL']) return {};
  const progress = console.part('postgres');
  const postgres = await startPostgres({
    dataFolder: join(folder, 'postgres'),
    records,
    password: randomBytes(12).toString('hex'),
    databases: [TEMPLATE],
    isThrowaway: true,
  });
  await migrate(postgres.url(TEMPLATE));
  progress.done('ready with a migrated template');
  return { TEST_POSTGRES_URL: postgres.url('postgres'), TEST_TEMPLATE_DATABASE: TEMPLATE };
}

async function testRedis({ folder, records, console }: TestRun): Promise<Record<string, string>> {
  const progress = console.part('redis');
  const server = await findRedisServer(progress);
  if (process.env['TEST_REDIS_URL']) return { TEST_REDIS_SERVER: server };
  const redis = await startRedis({ server, dataFolder: join(folder, 'redis'), records });
  progress.done('ready');
  return { TEST_REDIS_URL: redis.url, TEST_REDIS_SERVER: server };
}

async function testNeo4j({ folder, records, console, signal }: TestRun): Promise<Record<string, string>> {
  if (process.env['TEST_NEO4J_URI']) return {};
  const progress = console.part('neo4j');
  try {
    const fetched = await fetchNeo4j(join(localFolder(), 'cache'), progress, signal);
    const password = randomBytes(12).toString('hex');
    const dataFolder = join(folder, 'neo4j');
    const neo4j = await startNeo4j({ ...fetched, dataFolder, password, records, isShortLived: true });
    progress.done('ready');
    return {
      TEST_NEO4J_URI: neo4j.uri,
      TEST_NEO4J_USER: neo4j.user,
      TEST_NEO4J_PASSWORD: password,
      TEST_NEO4J_JAVA: fetched.java,
      TEST_NEO4J_JARS: fetched.jars,
      TEST_NEO4J_SOURCE: neo4jSource,
    };
  } catch (fault) {
    if (!signal.aborted) progress.warn(`the tests of the graph will fail: ${explain(fault)}`);
    return {};
  }
}

/** Removes what runs that were killed have left. */
async function sweepTestRuns(): Promise<void> {
  const parent = join(localFolder(), 'test');
  mkdirSync(parent, { recursive: true });
  const folders = readdirSync(parent).map((name) => join(parent, name));
  for (const folder of folders.filter(isAbandoned)) {
    await stopRecorded(join(folder, 'processes'), { graceMs: 2_000 });
    removeTestRun(folder);
  }
}

const isAbandoned = (folder: string): boolean =>
  existsSync(join(folder, LOCK_FILE))
    ? lockHolder(folder) === undefined
    : processIdentity(Number(basename(folder))) === undefined;

function removeTestRun(folder: string): void {
  for (const data of postgresDataFolders(join(folder, 'postgres')))
    rmSync(data, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}
