import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';
import { LaunchError } from './launch-error.ts';
import type { ManagedProcess, ProcessOptions } from './managed-process.ts';
import { type Part, startPart } from './part.ts';
import { assertClusterVersion, clearClusterRemnant, makeCluster, POSTGRES_USER } from './postgres-cluster.ts';
import { type PostgresHome, preparePostgresHome } from './postgres-home.ts';
import { startUntilLine } from './readiness.ts';

export interface PostgresOptions {
  readonly dataFolder: string;
  readonly records: string;
  readonly password: string;
  /** Made when the data folder is. */
  readonly databases: readonly string[];
  readonly port?: number;
  /** Data that may be lost with the machine, not with a killed process: no waiting for the disk. */
  readonly isThrowaway?: boolean;
  /** More of its own settings: `name=value`. */
  readonly settings?: readonly string[];
  readonly onLine?: (line: string) => void;
}

export interface Postgres extends Part {
  readonly port: number;
  /** Where the data is: outside the clone if the user who runs Postgres cannot come there. */
  readonly dataFolder: string;
  url(database: string): string;
}

const THROWAWAY = ['fsync=off', 'full_page_writes=off'];
const SHARED_MEMORY_TRIES = 20;

/** A Postgres server on 127.0.0.1; makes its data folder if there is none, and clears what a killed one left. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const home = preparePostgresHome(options.dataFolder);
  const cluster = join(home.dataFolder, 'cluster');
  if (!existsSync(cluster)) await makeCluster(home, cluster, options);
  assertClusterVersion(home, cluster);
  const port = await findFreePort(options.port);
  const launch = async () => {
    await clearClusterRemnant(cluster);
    return startServer(serverProcess(home, cluster, port, options));
  };
  return startPart(launch, () => ({
    port,
    dataFolder: home.dataFolder,
    url: (database: string) =>
      `postgres://${POSTGRES_USER}:${options.password}@127.0.0.1:${port}/${database}`,
  }));
}

/** The children of a killed server may hold its shared memory for a moment longer. */
async function startServer(options: ProcessOptions): Promise<ManagedProcess> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startUntilLine(options, (line) => line.includes('ready to accept connections'));
    } catch (fault) {
      const isHeld = fault instanceof LaunchError && fault.message.includes('shared memory block');
      if (!isHeld || tries === SHARED_MEMORY_TRIES) throw fault;
      await delay(500);
    }
  }
}

function serverProcess(
  home: PostgresHome,
  cluster: string,
  port: number,
  { records, isThrowaway = false, settings: more = [], onLine }: PostgresOptions,
): ProcessOptions {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=300',
    'shared_buffers=256MB',
    ...(isThrowaway ? THROWAWAY : []),
    ...more,
  ];
  return {
    name: 'postgres',
    command: join(home.binFolder, 'postgres'),
    args: ['-D', cluster, ...settings.flatMap((setting) => ['-c', setting])],
    stage: 'store',
    // SIGINT is Postgres' fast shutdown; SIGTERM would wait for every client.
    stopSignal: 'SIGINT',
    records,
    cwd: home.dataFolder,
    env: { ...process.env, LC_ALL: 'C', LC_MESSAGES: 'C' },
    user: home.user,
    ...(onLine && { onLine }),
  };
}
