import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LaunchError } from './launch-error.ts';
import { processIdentity } from './process-identity.ts';
import { recordProcess, type Stage, sendSignal } from './process-records.ts';

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly stage: Stage;
  /** The folder of records, so that the process can be found when its starter was killed. */
  readonly records: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** What asks it to stop; closing its standard input comes with it. */
  readonly stopSignal?: NodeJS.Signals;
  readonly stopGraceMs?: number;
  readonly onLine?: (line: string) => void;
}

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly isRunning: boolean;
  /** Resolves, and never rejects, with how it ended. */
  readonly exited: Promise<string>;
  /** The end of what it printed. */
  lastLines(): string[];
  /** Asks, waits for the grace, then kills. */
  stop(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const KEPT_LINES = 30;

/**
 * Starts a process in a session of its own, so that Ctrl-C reaches the launcher alone and the launcher decides
 * the order of stopping.
 */
export async function startProcess(options: ProcessOptions): Promise<ManagedProcess> {
  const child = spawn(options.command, options.args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: options.env ?? process.env,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...options.user,
  });
  const forget = record(child, options);
  const lines: string[] = [];
  const take = (line: string) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    options.onLine?.(line);
  };
  for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on('line', take);
  child.stdin.on('error', () => undefined);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  }).finally(forget);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (fault) =>
      reject(new LaunchError(`${options.name} could not be started: ${fault.message}.`, { cause: fault })),
    );
  });
  return manage(child, exited, options, () => [...lines]);
}

function record(child: ChildProcess, { name, stage, stopSignal = 'SIGTERM', records }: ProcessOptions) {
  const identity = child.pid === undefined ? undefined : processIdentity(child.pid);
  if (child.pid === undefined || identity === undefined) return () => undefined;
  return recordProcess(records, { name, pid: child.pid, identity, stage, stopSignal });
}

function manage(
  child: ChildProcess,
  exited: Promise<string>,
  { name, stopSignal = 'SIGTERM', stopGraceMs = 10_000 }: ProcessOptions,
  lastLines: () => string[],
): ManagedProcess {
  const pid = child.pid ?? 0;
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (isRunning()) sendSignal(pid, signal);
    await exited;
  };
  const stop = async () => {
    const late = setTimeout(() => sendSignal(-pid, 'SIGKILL'), stopGraceMs);
    child.stdin?.end();
    await kill(stopSignal).finally(() => clearTimeout(late));
  };
  return {
    name,
    pid,
    exited,
    lastLines,
    kill,
    stop,
    get isRunning() {
      return isRunning();
    },
  };
}
