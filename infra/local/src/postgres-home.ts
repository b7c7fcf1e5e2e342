import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LaunchError } from './launch-error.ts';
import { packagedPostgres } from './postgres-binaries.ts';

export interface PostgresHome {
  /** Holds `initdb` and `postgres`. */
  readonly binFolder: string;
  readonly dataFolder: string;
  /** Who runs it, where that is not the caller. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

const OUTSIDE = '/var/lib/socmate-local';

/**
 * Decides who runs Postgres and from where. Postgres refuses to run as root, so root runs it as another user; where
 * that user cannot come to the clone, binaries and data live outside, in a folder named by a hash of the path.
 */
export function preparePostgresHome(wantedData: string): PostgresHome {
  const packaged = packagedPostgres();
  if (process.getuid?.() !== 0) {
    mkdirSync(wantedData, { recursive: true, mode: 0o700 });
    return { binFolder: join(packaged, 'bin'), dataFolder: wantedData };
  }
  const user = unprivilegedUser();
  const outside = () => makeOutsideFolder(wantedData);
  const isRunnable = canRun(join(packaged, 'bin'), user);
  const binFolder = join(isRunnable ? packaged : copyBinaries(packaged, outside()), 'bin');
  const isOpen = canReach(dirname(wantedData), user);
  const dataFolder = isOpen ? wantedData : join(outside(), basename(wantedData));
  mkdirSync(dataFolder, { recursive: true });
  chownSync(dataFolder, user.uid, user.gid);
  chmodSync(dataFolder, 0o700);
  return { binFolder, dataFolder, user };
}

/** The places that may hold the data of this wanted folder, so that all of them can be emptied. */
export const postgresDataFolders = (wantedData: string): string[] => [
  wantedData,
  join(outsideFolder(wantedData), basename(wantedData)),
];

/** Says in it which folder it serves, so that a person can tell which may go. */
function makeOutsideFolder(wantedData: string): string {
  const outside = outsideFolder(wantedData);
  mkdirSync(outside, { recursive: true, mode: 0o755 });
  writeFileSync(join(outside, 'made-for'), `${dirname(wantedData)}\n`);
  return outside;
}

function outsideFolder(wantedData: string): string {
  const hash = createHash('sha256').update(dirname(wantedData)).digest('hex').slice(0, 16);
  return join(OUTSIDE, hash);
}

function canReach(folder: string, user: { uid: number; gid: number }): boolean {
  mkdirSync(folder, { recursive: true });
  return spawnSync('test', ['-x', folder], { ...user, cwd: '/' }).status === 0;
}

function canRun(binFolder: string, user: { uid: number; gid: number }): boolean {
  return ['initdb', 'postgres'].every(
    (name) => spawnSync(join(binFolder, name), ['--version'], { ...user, cwd: '/' }).status === 0,
  );
}

function copyBinaries(packaged: string, outside: string): string {
  const version = createHash('sha256').update(packaged).digest('hex').slice(0, 8);
  const target = join(outside, `postgres-binaries-${version}`);
  if (existsSync(target)) return target;
  const unfinished = `${target}.${process.pid}.part`;
  mkdirSync(outside, { recursive: true, mode: 0o755 });

  rmSync(unfinished, { recursive: true, force: true });
  cpSync(packaged, unfinished, { recursive: true, verbatimSymlinks: true });
  execFileSync('chmod', ['-R', 'a+rX', unfinished]);
  renameSync(unfinished, target);
  return target;
}

function unprivilegedUser(): { uid: number; gid: number } {
  const known = lookUp('postgres') ?? lookUp('socmate-postgres');
  if (known) return known;
  spawnSync('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/bin/false',
    'socmate-postgres',
  ]);
  const made = lookUp('socmate-postgres') ?? lookUp('nobody');
  if (made) return made;
  throw new LaunchError(
    'Postgres refuses to run as root and no other user could be made: start as an ordinary user or set DATABASE_URL.',
  );
}

function lookUp(name: string): { uid: number; gid: number } | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
