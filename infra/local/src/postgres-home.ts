import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { LaunchError } from './launch-error.ts';
import { repositoryRoot } from './paths.ts';
import { packagedPostgres } from './postgres-binaries.ts';

export interface PostgresHome {
  /** Holds `initdb` and `postgres`. */
  readonly binFolder: string;
  readonly dataFolder: string;
  /** Who runs it, where that is not the caller. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

const OUTSIDE = '/var/lib/socmate-local';
const MADE_FOR = 'made-for';

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
  const isRunnable = canRun(join(packaged, 'bin'), user);
  const binFolder = join(isRunnable ? packaged : copyBinaries(packaged), 'bin');
  const dataFolder = canReach(dirname(wantedData), user) ? wantedData : outsideData(wantedData);
  mkdirSync(dataFolder, { recursive: true });
  chownSync(dataFolder, user.uid, user.gid);
  chmodSync(dataFolder, 0o700);
  return { binFolder, dataFolder, user };
}

/** The places that may hold the data of this wanted folder, so that all of them can be emptied. */
export const postgresDataFolders = (wantedData: string): string[] => [
  wantedData,
  join(OUTSIDE, hash(repositoryRoot), `data-${hash(wantedData)}`),
];

const outsideData = (wantedData: string): string => join(makeOutsideFolder(), `data-${hash(wantedData)}`);

const hash = (path: string): string => createHash('sha256').update(path).digest('hex').slice(0, 16);

/** Says in it which clone it serves; copies of binaries that serve a clone no more, and no data, go. */
function makeOutsideFolder(): string {
  const outside = join(OUTSIDE, hash(repositoryRoot));
  mkdirSync(outside, { recursive: true, mode: 0o755 });
  writeFileSync(join(outside, MADE_FOR), repositoryRoot);
  for (const name of readdirSync(OUTSIDE)) {
    if (servesNobody(join(OUTSIDE, name))) rmSync(join(OUTSIDE, name), { recursive: true, force: true });
  }
  return outside;
}

function servesNobody(outside: string): boolean {
  const file = join(outside, MADE_FOR);
  if (!existsSync(file) || existsSync(readFileSync(file, 'utf8'))) return false;
  return !readdirSync(outside).some((name) => name.startsWith('data-'));
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

function copyBinaries(packaged: string): string {
  const outside = makeOutsideFolder();
  const target = join(outside, `postgres-${hash(packaged)}`);
  if (existsSync(target)) return target;
  const unfinished = `${target}.${process.pid}.part`;
  cpSync(packaged, unfinished, { recursive: true, verbatimSymlinks: true });
  execFileSync('chmod', ['-R', 'a+rX', unfinished]);
  // Another start may have finished first; its copy is the same.
  if (existsSync(target)) rmSync(unfinished, { recursive: true, force: true });
  else renameSync(unfinished, target);
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
