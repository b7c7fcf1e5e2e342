import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { processIdentity } from './process-identity.ts';

/** Stopping goes by stage: what others depend on goes last. */
const stages = ['service', 'simulator', 'store'] as const;
export type Stage = (typeof stages)[number];

export const ProcessRecord = z.object({
  name: z.string(),
  pid: z.number().int().positive(),
  identity: z.string().min(1),
  stage: z.enum(stages),
  stopSignal: z.custom<NodeJS.Signals>((value) => typeof value === 'string' && value.startsWith('SIG')),
});
export type ProcessRecord = z.output<typeof ProcessRecord>;

/** Notes a process in a folder, one file each, so that whoever comes later can stop it and nothing else. */
export function recordProcess(folder: string, record: ProcessRecord): () => void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${record.pid}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
  return () => rmSync(file, { force: true });
}

/** The recorded processes that still run; records of others are removed. */
export function runningRecords(folder: string): ProcessRecord[] {
  return listFiles(folder).flatMap((file) => {
    const record = readRecord(file);
    if (record && processIdentity(record.pid) === record.identity) return [record];
    rmSync(file, { force: true });
    return [];
  });
}

export interface StopOptions {
  /** How long each stage may take before it is killed. */
  readonly graceMs?: number;
  /** Ends the grace. */
  readonly hurry?: AbortSignal;
}

/** Stops what was recorded and still runs, stage by stage, and names it. */
export async function stopRecorded(folder: string, options: StopOptions = {}): Promise<string[]> {
  const stopped: string[] = [];
  for (const stage of stages) {
    const records = runningRecords(folder).filter((record) => record.stage === stage);
    await Promise.all(records.map((record) => stopProcess(record, options)));
    stopped.push(...records.map(({ name }) => name));
  }
  runningRecords(folder);
  return stopped;
}

async function stopProcess(record: ProcessRecord, { graceMs = 10_000, hurry }: StopOptions): Promise<void> {
  const { pid, identity, stopSignal } = record;
  const isRunning = () => processIdentity(pid) === identity;
  const waitUntilGone = async (ms: number, isCutShort = () => false) => {
    const end = performance.now() + ms;
    while (isRunning() && performance.now() < end && !isCutShort()) await delay(25);
  };
  sendSignal(stopSignal === 'SIGKILL' ? -pid : pid, stopSignal);
  await waitUntilGone(graceMs, () => hurry?.aborted ?? false);
  if (!isRunning()) return;
  sendSignal(-pid, 'SIGKILL');
  sendSignal(pid, 'SIGKILL');
  await waitUntilGone(2_000);
}

/** A signal to a process that has just gone is no fault. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'ESRCH') throw fault;
  }
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name));
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fault;
  }
}

function readRecord(file: string): ProcessRecord | undefined {
  try {
    return ProcessRecord.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
