import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { addCounts, type Counts, countTests, none, oneFailure } from './jest-summary.ts';
import { repositoryRoot } from './paths.ts';
import { sendSignal } from './process-records.ts';
import { spawnGroup } from './spawn-group.ts';
import { stepEnv } from './step.ts';

export interface JestRun {
  readonly projects: readonly string[];
  readonly workers: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What Jest takes besides: paths, `-t name`. */
  readonly filter?: readonly string[];
  readonly signal: AbortSignal;
}

const EXIT_GRACE_MS = 20_000;

/** Runs Jest projects in view and counts; a Jest that breaks, or does not end after its last test, is a failure. */
export async function runJest(run: JestRun): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'socmate-jest-'));
  const report = join(folder, 'report.json');
  try {
    const { code, hangs } = await runToEnd(run, report);
    if (!existsSync(report)) return oneFailure;
    const counts = countTests(JSON.parse(readFileSync(report, 'utf8')));
    if (hangs) process.stdout.write('✗ the tests are over and something keeps them from ending\n');
    const isBroken = hangs || (code !== 0 && counts.failed === 0);
    return addCounts([counts, isBroken ? oneFailure : none]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runToEnd(run: JestRun, report: string): Promise<{ code: number | null; hangs: boolean }> {
  const args = [
    '--selectProjects',
    ...run.projects,
    '--json',
    `--outputFile=${report}`,
    '--passWithNoTests',
    `--maxWorkers=${run.workers}`,
    ...(run.filter ?? []),
  ];
  const child = spawnGroup('jest', args, {
    cwd: repositoryRoot,
    env: stepEnv({
      NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
      ...run.env,
    }),
    stdio: ['ignore', 'ignore', 'inherit'],
    stop: run.signal,
    records: run.env?.['TEST_PROCESS_RECORDS'],
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', () => resolve(1));
  });
  const over = new AbortController();
  const late = untilLate(report, over.signal);
  const first = await Promise.race([ended, late]).finally(() => over.abort());
  if (first !== 'late') return { code: first, hangs: false };
  if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL');
  return { code: await ended, hangs: true };
}

/** Jest writes its report before it waits for what the tests left open. */
async function untilLate(report: string, over: AbortSignal): Promise<'late'> {
  while (!existsSync(report) && !over.aborted)
    await delay(250, undefined, { signal: over }).catch(() => undefined);
  await delay(EXIT_GRACE_MS, undefined, { signal: over }).catch(() => undefined);
  return 'late';
}
