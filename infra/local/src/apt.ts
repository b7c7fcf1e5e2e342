import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { findExecutable } from './executables.ts';
import { LaunchError } from './launch-error.ts';
import type { Progress } from './progress.ts';
import { type CommandResult, runCommand } from './run-command.ts';

const POLICY = '/usr/sbin/policy-rc.d';

/** Only root on Debian or Ubuntu can install packages. */
export const canInstallPackages = (): boolean =>
  process.getuid?.() === 0 && findExecutable('apt-get') !== undefined;

let queue: Promise<unknown> = Promise.resolve();

/** Installs packages with apt, one call at a time, without starting the services that come with them. */
export function installPackages(packages: readonly string[], progress: Progress): Promise<void> {
  const installed = queue.then(() => install(packages, progress));
  queue = installed.catch(() => undefined);
  return installed;
}

async function install(packages: readonly string[], progress: Progress): Promise<void> {
  progress.update(`reading apt's package lists`);
  await aptGet(['update', '-qq'], progress);
  progress.update(`installing ${packages.join(' and ')} with apt`);
  const isPolicyOurs = !existsSync(POLICY);
  if (isPolicyOurs) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n');
    chmodSync(POLICY, 0o755);
  }
  try {
    const { code, lines } = await aptGet(['install', '-y', '--no-install-recommends', ...packages], progress);
    if (code !== 0) throw new LaunchError(failure(packages, lines));
  } finally {
    if (isPolicyOurs) rmSync(POLICY, { force: true });
  }
}

function aptGet(args: readonly string[], progress: Progress): Promise<CommandResult> {
  return runCommand('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    onLine: (line) => {
      const what = /^(?:Get|Unpacking|Setting up)[: ]+(\S+)/.exec(line);
      if (what && !line.startsWith('Get')) progress.update(line.replace(/ \(.*/, ''));
    },
  });
}

function failure(packages: readonly string[], lines: readonly string[]): string {
  const said = lines.filter((line) => /^(E|W|dpkg: error)/.test(line)).slice(-3);
  if (lines.some((line) => line.includes('No space left on device')))
    return `The disk is full: apt could not install ${packages.join(' and ')}; free some space and start again.`;
  return `apt could not install ${packages.join(' and ')}: ${said.join(' ') || lines.at(-1) || 'no reason given'}`;
}
