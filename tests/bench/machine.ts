import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

export interface Machine {
  readonly cpus: number;
  readonly cpu_model: string;
  readonly memory_gb: number;
  readonly node: string;
  /** The one-minute average before the benchmark began. */
  readonly load_before: number;
  /** How much of all cores others used in the second before it began. */
  readonly busy_before_percent: number;
}

export async function describeMachine(): Promise<Machine> {
  const load = loadavg()[0] ?? 0;
  return {
    cpus: availableParallelism(),
    cpu_model: cpus()[0]?.model.trim() ?? 'unknown',
    memory_gb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load_before: Math.round(load * 100) / 100,
    busy_before_percent: await busyPercent(1_000),
  };
}

async function busyPercent(ms: number): Promise<number> {
  const busySince = watchProcessors();
  await delay(ms);
  return busySince();
}

/** Answers, whenever it is asked, how much of all cores was in use since the call, in percent. */
export function watchProcessors(): () => number {
  const before = cpuTimes();
  return () => {
    const after = cpuTimes();
    const all = after.all - before.all;
    return all === 0 ? 0 : Math.round((1 - (after.idle - before.idle) / all) * 100);
  };
}

function cpuTimes(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.flatMap((time) => Object.values(time)).reduce((sum, ms) => sum + ms, 0);
  return { idle: times.reduce((sum, { idle }) => sum + idle, 0), all };
}

/** The commit that is measured; `-dirty` where files differ from it. */
export function describeCommit(): string | null {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=12'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
