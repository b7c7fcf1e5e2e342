import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { processIdentity } from './process-identity.ts';

const Holder = z.object({ pid: z.number().int().positive(), identity: z.string() });
export type Holder = z.output<typeof Holder>;

export const LOCK_FILE = 'lock.json';

export interface Lock {
  release(): void;
}

/** Takes a folder for this process, waiting for a holder that may be just stopping; the holder if it stays. */
export async function takeLock(folder: string, waitMs = 0): Promise<Lock | Holder> {
  mkdirSync(folder, { recursive: true });
  for (const end = performance.now() + waitMs; ; await delay(100)) {
    if (createLock(folder)) return { release: () => rmSync(lockFile(folder), { force: true }) };
    const holder = lockHolder(folder);
    if (holder && performance.now() >= end) return holder;
    if (!holder) removeStale(folder);
  }
}

/** The running process that holds a folder. */
export const lockHolder = (folder: string): Holder | undefined => runningHolder(lockFile(folder));

const lockFile = (folder: string): string => join(folder, LOCK_FILE);

function runningHolder(file: string): Holder | undefined {
  try {
    const holder = Holder.parse(JSON.parse(readFileSync(file, 'utf8')));
    return processIdentity(holder.pid) === holder.identity ? holder : undefined;
  } catch {
    return undefined;
  }
}

// A link appears whole or not at all, and never in place of another.
function createLock(folder: string): boolean {
  const file = lockFile(folder);
  const draft = `${file}.${process.pid}`;
  const mine: Holder = { pid: process.pid, identity: processIdentity(process.pid) ?? '' };
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
  const isMade = unless('EEXIST', () => linkSync(draft, file));
  rmSync(draft, { force: true });
  return isMade;
}

/** Of two that find the same stale lock one may move away what the other has just made: that one is put back. */
function removeStale(folder: string): void {
  const file = lockFile(folder);
  const moved = `${file}.stale.${process.pid}`;
  if (!unless('ENOENT', () => renameSync(file, moved))) return;
  if (runningHolder(moved)) unless('EEXIST', () => linkSync(moved, file));
  rmSync(moved, { force: true });
}

function unless(code: string, act: () => void): boolean {
  try {
    act();
    return true;
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === code) return false;
    throw fault;
  }
}
