import { canInstallPackages, installPackages } from './apt.ts';
import { findExecutable } from './executables.ts';
import { LaunchError } from './launch-error.ts';
import type { Progress } from './progress.ts';

const NAMES = ['redis-server', 'valkey-server'];

/** The path of a Redis or Valkey server, installed first where that can be done. */
export async function findRedisServer(progress: Progress): Promise<string> {
  const found = findExecutable(...NAMES);
  if (found !== undefined) return found;
  if (!canInstallPackages()) {
    throw new LaunchError(
      'Redis is missing: install `redis-server` or `valkey-server` (for example `sudo apt-get install redis-server` or `brew install redis`), or set REDIS_URL to a server of yours.',
    );
  }
  await installPackages(['redis-server'], progress);
  const installed = findExecutable(...NAMES);
  if (installed !== undefined) return installed;
  throw new LaunchError('apt installed redis-server and yet there is none on PATH: set REDIS_URL.');
}
