import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from './launch-error.ts';
import { type Lock, takeLock } from './lock.ts';
import { postgresDataFolders } from './postgres-home.ts';
import { stopRecorded } from './process-records.ts';
import type { Console } from './progress.ts';
import { RunFile, removeRunFile, runFilePath } from './run-file.ts';

/** Where things are in `.local`. */
export const localPaths = (folder: string) => ({
  postgres: join(folder, 'postgres'),
  redis: join(folder, 'redis'),
  neo4j: join(folder, 'neo4j'),
  simulator: join(folder, 'simulator'),
  cache: join(folder, 'cache'),
  logs: join(folder, 'logs'),
  processes: join(folder, 'processes'),
  runFile: runFilePath(folder),
  serviceEnv: join(folder, 'service.env'),
  credentials: join(folder, 'credentials.json'),
});

const WAIT_FOR_STOPPING_MS = 3_000;

/** Makes the folder this process's alone and stops what a killed launcher left running from it. */
export async function claimLocalFolder(folder: string, console: Console): Promise<Lock> {
  const lock = await takeLock(folder, WAIT_FOR_STOPPING_MS);
  if (!('release' in lock)) throw new LaunchError(alreadyRuns(folder, lock.pid));
  removeRunFile(folder);
  const stopped = await stopRecorded(localPaths(folder).processes);
  if (stopped.length > 0)
    console.part('launcher').done(`stopped what was left of the last run: ${stopped.join(', ')}`);
  return lock;
}

function alreadyRuns(folder: string, pid: number): string {
  const where = runningAt(folder);
  return `SoCMate already runs from this folder${where} (process ${pid}): use it, or stop it with Ctrl-C there or \`kill ${pid}\`.`;
}

function runningAt(folder: string): string {
  try {
    const { gateway_url: url } = RunFile.parse(JSON.parse(readFileSync(runFilePath(folder), 'utf8')));
    return ` at ${url}`;
  } catch {
    return '';
  }
}

/** Begins again: data and credentials go, what was fetched stays. */
export function emptyLocalFolder(folder: string): void {
  const { postgres, redis, neo4j, simulator, credentials } = localPaths(folder);
  for (const path of [...postgresDataFolders(postgres), redis, neo4j, simulator, credentials])
    rmSync(path, { recursive: true, force: true });
}

/**
 * Whether there is data that only the kept credentials open. Data outside a folder that was deleted belongs to nothing
 * any more, and goes.
 */
export function hasLocalData(folder: string): boolean {
  const { postgres, redis, simulator } = localPaths(folder);
  if (![postgres, redis, simulator].some((path) => existsSync(path))) emptyLocalFolder(folder);
  return postgresDataFolders(postgres).some((data) => existsSync(join(data, 'cluster')));
}
