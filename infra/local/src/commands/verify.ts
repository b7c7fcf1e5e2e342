import { availableParallelism } from 'node:os';
import { runJest } from '../jest.ts';
import { addCounts, type Counts, none, oneFailure } from '../jest-summary.ts';
import type { Console } from '../progress.ts';
import { runStep, type Step } from '../step.ts';
import type { StopSignals } from '../stop-signals.ts';
import { startTestPostgres, type TestStores } from '../test-stores.ts';
import { verifySteps } from '../verify-steps.ts';

const MIGRATION_DRIFT = 'packages/database/src/schema-agreement.integration.test.ts';

/** Every static check, the unit tests, and whether migrations make what schema.prisma says. */
export async function verify(console: Console, stop: StopSignals): Promise<Counts> {
  const signal = stop.wanted;
  const starting = startTestPostgres(console, stop);
  starting.catch(() => undefined);
  const checks = await runChecks(verifySteps, console, signal);
  const stores = await starting;
  const { env } = stores;
  try {
    const units = await runJest({ projects: ['unit'], workers: availableParallelism(), env, signal });
    return addCounts([checks, units, signal.aborted ? none : await checkMigrationDrift(env, signal)]);
  } finally {
    await stores.close();
  }
}

async function checkMigrationDrift(env: TestStores['env'], signal: AbortSignal): Promise<Counts> {
  const filter = ['--runTestsByPath', MIGRATION_DRIFT];
  const counts = await runJest({ projects: ['integration'], workers: 1, env, filter, signal });
  // Jest is content with no test at all, as after a rename.
  return counts.passed + counts.failed === 0 ? oneFailure : counts;
}

/** Runs the steps with as many at once as there are cores; each that fails counts as one failure. */
export async function runChecks(
  steps: readonly Step[],
  console: Console,
  signal: AbortSignal,
): Promise<Counts> {
  const waiting = steps.values();
  const failures: Counts[] = [];
  const work = async () => {
    for (const step of waiting) {
      if (!(await passes(step, console, signal))) failures.push(oneFailure);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return addCounts([none, ...failures]);
}

async function passes(step: Step, console: Console, signal: AbortSignal): Promise<boolean> {
  const progress = console.part('verify');
  const { code, output } = await runStep(step, signal);
  if (signal.aborted) return false;
  if (code === 0) progress.done(step.name);
  else progress.warn(`${step.name} failed:\n${output}\n`);
  return code === 0;
}
