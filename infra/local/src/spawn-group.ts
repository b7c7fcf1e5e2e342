import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { processIdentity } from './process-identity.ts';
import { recordProcess, sendSignal } from './process-records.ts';

export interface GroupOptions extends SpawnOptions {
  /** Ends the whole group. */
  readonly stop: AbortSignal;
  /** Where to note it, so that it ends with a killed launcher too. */
  readonly records?: string | undefined;
}

/** Runs a program and whatever that starts in a group of its own: the programs of `.bin` are shells that start others. */
export function spawnGroup(command: string, args: readonly string[], options: GroupOptions): ChildProcess {
  const { stop, records, ...rest } = options;
  const child = spawn(command, args, { ...rest, detached: true });
  const { pid } = child;
  if (pid === undefined) return child;
  const identity = processIdentity(pid);
  const forget =
    records === undefined || identity === undefined
      ? () => undefined
      : recordProcess(records, { name: command, pid, identity, stage: 'service', stopSignal: 'SIGKILL' });
  const end = () => sendSignal(-pid, 'SIGTERM');
  if (stop.aborted) end();
  else stop.addEventListener('abort', end, { once: true });
  child.once('exit', () => {
    stop.removeEventListener('abort', end);
    forget();
  });
  return child;
}
