import { availableParallelism } from 'node:os';
import { runJest } from '../jest.ts';
import { addCounts, type Counts, none } from '../jest-summary.ts';
import type { TestOptions } from '../options.ts';
import type { Console } from '../progress.ts';
import type { StopSignals } from '../stop-signals.ts';
import { startTestStores } from '../test-stores.ts';
import { verifySteps } from '../verify-steps.ts';
import { runChecks } from './verify.ts';

interface Phase {
  readonly projects: readonly string[];
  readonly workers: number;
}

const cores = availableParallelism();
const unit: Phase = { projects: ['unit'], workers: cores };
const integration: Phase = { projects: ['integration'], workers: cores };
// Each of these runs a whole system of eight processes.
const systems: Phase = { projects: ['e2e', 'faults'], workers: Math.max(1, Math.floor(cores / 4)) };
const faults: Phase = { ...systems, projects: ['faults'] };

/** Every check and every test; with a filter or for the faults alone only those tests. */
export async function test(options: TestOptions, console: Console, stop: StopSignals): Promise<Counts> {
  const signal = stop.wanted;
  const isWhole = !options.faults && options.filter.length === 0;
  const starting = startTestStores(console, stop);
  starting.catch(() => undefined);
  const checks = isWhole ? await runChecks(verifySteps, console, signal) : none;
  const stores = await starting;
  try {
    const env = { ...stores.env, ...(options.faults && { FAULT_POINTS: 'full' }) };
    const phases = options.faults ? [faults] : [unit, integration, systems];
    const counts = [checks];
    for (const phase of phases) {
      if (signal.aborted) break;
      console.line(`\n— ${phase.projects.join(' and ')} tests`);
      counts.push(await runJest({ ...phase, env, filter: options.filter, signal }));
    }
    return addCounts(counts);
  } finally {
    await stores.close();
  }
}
