// Runs on any Node from 18 with nothing installed: installs what is missing, then hands over to the TypeScript
// launcher under the Node that came with the packages.
import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { installStamp } from './install-stamp.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.socmate-installed');
const node = join(modules, 'node', 'bin', 'node');
const launcher = join(root, 'infra', 'local', 'src', 'main.ts');
const installLog = join(root, '.local', 'logs', 'install.log');
const installLock = join(root, '.local', 'install.lock');
const MEGABYTES_NEEDED = 1_500;

class Fault extends Error {}

function checkMachine() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 18)
    throw new Fault(`This is Node ${process.versions.node}: install Node 20 or later and start again.`);
  if (process.platform === 'win32')
    throw new Fault('On Windows it runs inside WSL: open a WSL terminal there and start again.');
  try {
    accessSync(root, constants.W_OK);
  } catch {
    throw new Fault(`This user may not write to ${root}: use a clone of your own, or change its owner.`);
  }
}

const nodeRuns = () => spawnSync(node, ['--version'], { stdio: 'ignore' }).status === 0;

const isInstalled = (wanted) =>
  existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted && existsSync(node);

async function install(wanted) {
  const release = await takeInstallLock();
  try {
    if (isInstalled(wanted)) return;
    rmSync(stampFile, { force: true });
    const began = performance.now();
    await installPackages();
    if (!nodeRuns()) {
      // An install that was interrupted in the middle of a package's own script leaves that package unfinished.
      rmSync(modules, { recursive: true, force: true });
      await installPackages();
    }
    if (!nodeRuns()) throw new Fault(`Node could not be installed with the packages: see ${installLog}.`);
    writeFileSync(stampFile, wanted);
    say(`✓ packages   installed (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
  } finally {
    release();
  }
}

async function takeInstallLock() {
  mkdirSync(dirname(installLock), { recursive: true });
  for (let hasSaid = false; ; ) {
    try {
      writeFileSync(installLock, `${process.pid} ${identity(process.pid)}`, { flag: 'wx' });
      return () => rmSync(installLock, { force: true });
    } catch (fault) {
      if (fault.code !== 'EEXIST') throw fault;
    }
    const [holder, ...began] = readIfThere(installLock).split(' ');
    if (identity(holder) !== began.join(' ')) rmSync(installLock, { force: true });
    else {
      if (!hasSaid) say(`· packages   another start is installing them (process ${holder}): waiting`);
      hasSaid = true;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** A holder is known by its pid and its beginning: pids come again, and a zombie holds nothing. */
function identity(pid) {
  if (!pid) return undefined;
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout?.trim() || undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

async function installPackages() {
  const first = await runPnpm({});
  if (first.isDone) return;
  // npx that fails before pnpm speaks has a cache that a killed start left half written, or may not write it.
  const isCacheBroken =
    !first.hasPnpmSpoken && !NETWORK_FAULT.test(first.said) && !DISK_FAULT.test(first.said);
  const last = isCacheBroken
    ? await runPnpm({ npm_config_cache: join(root, '.local', 'cache', 'npm') })
    : first;
  if (!last.isDone) throw new Fault(installFault(last.said));
}

async function runPnpm(env) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const args = ['-y', packageManager, 'install', '--frozen-lockfile', '--reporter=ndjson'];
  mkdirSync(dirname(installLog), { recursive: true });
  writeFileSync(installLog, '');
  say(`· packages   fetching ${packageManager}`);
  // In CI mode pnpm asks no questions, and replaces a node_modules folder that is not its own.
  const child = spawn('npx', args, {
    cwd: root,
    env: { ...process.env, CI: 'true', npm_config_loglevel: 'error', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const progress = createInstallProgress();
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      appendFileSync(installLog, `${line}\n`);
      progress.take(line);
    });
  }
  let isStopped = false;
  const passOn = (signal) => {
    isStopped = true;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, passOn);
  const code = await new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (fault) =>
      reject(
        fault.code === 'ENOENT' ? new Fault('npm is missing: install Node 20 or later with npm.') : fault,
      ),
    );
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, passOn);
  if (isStopped) throw new Fault('Stopped; the next start goes on from here.');
  return { isDone: code === 0, hasPnpmSpoken: progress.hasPnpmSpoken(), said: progress.faults() };
}

/** Reads pnpm's reports: how many packages there are, and how many are here. */
function createInstallProgress() {
  const lines = [];
  let hasPnpmSpoken = false;
  let wanted = 0;
  let here = 0;
  let shown = 0;
  const show = (text) => {
    if (performance.now() - shown < 2_000) return;
    shown = performance.now();
    say(`· packages   ${text}`);
  };
  const take = (line) => {
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      lines.push(line);
      return;
    }
    hasPnpmSpoken ||= String(entry.name).startsWith('pnpm');
    if (entry.level === 'error') lines.push(entry.err?.message ?? entry.message ?? line);
    if (entry.name === 'pnpm:lifecycle' && entry.stdio === 'stderr') lines.push(entry.line);
    if (entry.name === 'pnpm:progress') {
      if (entry.status === 'resolved') wanted += 1;
      if (entry.status === 'fetched' || entry.status === 'found_in_store') here += 1;
      show(`${here} of ${wanted} fetched`);
    }
    if (entry.name === 'pnpm:lifecycle' && entry.script)
      show(`running ${entry.script} of ${entry.depPath ?? '.'}`);
  };
  return { take, hasPnpmSpoken: () => hasPnpmSpoken, faults: () => lines.join('\n') };
}

const DISK_FAULT = /ENOSPC|no space left/i;
const NETWORK_FAULT =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH|ERR_SOCKET_TIMEOUT|META_FETCH_FAIL/;

function installFault(said) {
  if (DISK_FAULT.test(said)) return fullDisk();
  if (/ERR_PNPM_OUTDATED_LOCKFILE|frozen-lockfile/.test(said))
    return 'pnpm-lock.yaml does not fit the package.json files: run `npx pnpm install` and keep the changed lock file.';
  if (NETWORK_FAULT.test(said))
    return 'The package registry is not reachable: check the network or the proxy and start again.';
  if (/EACCES|EPERM|EROFS/.test(said))
    return `This user may not write where packages go: ${said.match(/(?:EACCES|EPERM|EROFS)[^\n]*/)[0]}.`;
  const end = said.trim().split('\n').slice(-3).join(' ');
  return `The packages could not be installed: ${end || 'no reason given'} (all of it: ${installLog}).`;
}

const fullDisk = () => `The disk is full (${root}): free about ${MEGABYTES_NEEDED} MB and start again.`;

function checkDisk() {
  const { bavail, bsize } = statfsSync(root);
  if ((bavail * bsize) / 2 ** 20 < MEGABYTES_NEEDED / 5) throw new Fault(fullDisk());
}

/** Runs the launcher until it ends; its channel closes with this process, however this process ends. */
function handOver(args) {
  const options = ['--conditions=@socmate/source', '--disable-warning=ExperimentalWarning'];
  const child = spawn(node, [...options, launcher, ...args], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  stopWithNpm(() => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ? 1 : code));
  });
}

/** npm that is killed cannot tell; a process whose parent is gone gets another one. */
function stopWithNpm(stop) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stop(), 500).unref();
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

try {
  checkMachine();
  const wanted = installStamp(root);
  if (!isInstalled(wanted)) {
    checkDisk();
    await install(wanted);
  }
  process.exitCode = await handOver(process.argv.slice(2));
} catch (fault) {
  const message = fault instanceof Fault ? fault.message : fault.code === 'ENOSPC' ? fullDisk() : fault.stack;
  process.stderr.write(`\n✗ ${message}\n`);
  process.exitCode = 1;
}
