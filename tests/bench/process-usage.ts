import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_S = 100;

interface ProcessStat {
  readonly parent: number;
  readonly ownS: number;
  /** Of children that have ended. */
  readonly endedS: number;
}

/** Resident memory in MB; null where the system does not tell. */
export function residentMb(pid: number): number | null {
  const status = read(`/proc/${pid}/status`);
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(status ?? '') ?? [];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 102.4) / 10;
}

/** Seconds of processor time that a process and its children have used; null where the system does not tell. */
export function cpuSeconds(pid: number): number | null {
  const own = statOf(pid);
  if (!own) return null;
  const children = pids()
    .flatMap((child) => statOf(child) ?? [])
    .filter(({ parent }) => parent === pid);
  return [own, ...children].reduce((sum, { ownS, endedS }) => sum + ownS + endedS, 0);
}

export const parentOf = (pid: number): number | null => statOf(pid)?.parent ?? null;

function statOf(pid: number): ProcessStat | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) / TICKS_PER_S;
  return { parent: Number(fields[1]), ownS: seconds(11), endedS: seconds(13) };
}

function pids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
