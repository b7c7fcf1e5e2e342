import { availableParallelism } from 'node:os';
import { runJest } from '../jest.ts';
import { addCounts, type Counts, none, oneFailure } from '../jest-summary.ts';
import type { Console } from '../progress.ts';
import { runStep, type Step } from '../step.ts';
import { verifySteps } from '../verify-steps.ts';

/** Needs no stores: every static check, then the unit tests. */
export async function verify(console: Console, signal: AbortSignal): Promise<Counts> {
  const checks = await runChecks(verifySteps, console, signal);
  const units = await runJest({ projects: ['unit'], workers: availableParallelism(), signal });
  return addCounts([checks, units]);
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
