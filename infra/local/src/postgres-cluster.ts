import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { LaunchError } from './launch-error.ts';
import type { PostgresHome } from './postgres-home.ts';
import { processIdentity, runsWith } from './process-identity.ts';
import { sendSignal } from './process-records.ts';

export const POSTGRES_USER = 'socmate';

export interface ClusterOptions {
  readonly password: string;
  readonly databases: readonly string[];
  readonly isThrowaway?: boolean;
}

/** Makes a cluster under another name first, so that one whose making was interrupted is never taken for whole. */
export async function makeCluster(
  home: PostgresHome,
  cluster: string,
  options: ClusterOptions,
): Promise<void> {
  const unfinished = `${cluster}.part`;
  const passwordFile = join(home.dataFolder, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (home.user) chownSync(passwordFile, home.user.uid, home.user.gid);
  const args = [
    `--pgdata=${unfinished}`,
    `--username=${POSTGRES_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(options.isThrowaway ? ['--no-sync'] : []),
  ];
  try {
    await run(home, 'initdb', args);
    const statements = options.databases.map((name) => `CREATE DATABASE ${name};\n`).join('');
    await run(home, 'postgres', ['--single', '-j', '-D', unfinished, 'postgres'], statements);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, cluster);
}

export function assertClusterVersion(home: PostgresHome, cluster: string): void {
  const found = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  const share = join(home.binFolder, '..', 'share', 'postgresql', 'postgres.bki');
  const wanted = /^# PostgreSQL (\d+)/.exec(readFileSync(share, 'utf8').slice(0, 100))?.[1];
  if (wanted === undefined || wanted === found) return;
  throw new LaunchError(
    `The data in ${cluster} was made by Postgres ${found} and this is Postgres ${wanted}: start with --fresh to begin again.`,
  );
}

/** Stops a server that a killed launcher left on this very folder; a pid file of anything else is stale and goes. */
export async function clearClusterRemnant(cluster: string): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const pid = readPid(pidFile);
  if (pid === undefined) return;
  if (runsWith(pid, cluster)) {
    const identity = processIdentity(pid);
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      if (processIdentity(pid) === identity) sendSignal(pid, signal);
      for (let tries = 0; tries < 200 && processIdentity(pid) === identity; tries += 1) await delay(50);
    }
  }
  rmSync(pidFile, { force: true });
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8').split('\n')[0]) || undefined;
  } catch {
    return undefined;
  }
}

async function run(home: PostgresHome, name: string, args: string[], input = ''): Promise<void> {
  const child = spawn(join(home.binFolder, name), args, {
    ...home.user,
    cwd: home.dataFolder,
    env: { ...process.env, LC_ALL: 'C' },
  });
  child.stdin.end(input);
  child.stdout.resume();
  const [output, code] = await Promise.all([text(child.stderr), exitCode(child)]);
  if (code === 0) return;
  if (/No space left on device/.test(output))
    throw new LaunchError(`The disk is full (${home.dataFolder}): free some space and start again.`);
  throw new LaunchError(
    `${name} failed with exit code ${code}:\n  ${output.trim().split('\n').slice(-8).join('\n  ')}`,
  );
}

const exitCode = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
