import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { runAzure } from './run-azure.ts';
import { runPlain } from './run-plain.ts';

const SCENARIOS = { plain: runPlain, azure: runAzure };

/** 20,000 generated incidents as fast as they come, then 5,000 from a Sentinel that answers as slowly as Azure. */
export async function runSync(options: BenchOptions): Promise<readonly BenchResult[]> {
  const asked = options.flags['profile'] === 'azure' ? ['azure'] : options.scenarios;
  const unknown = asked.find((name) => !Object.hasOwn(SCENARIOS, name));
  if (unknown !== undefined) throw new Error(`sync has no scenario "${unknown}": it has plain and azure`);
  const results: BenchResult[] = [];
  for (const [name, run] of Object.entries(SCENARIOS)) {
    if (asked.length === 0 || asked.includes(name)) results.push(await run(options));
  }
  return results;
}
