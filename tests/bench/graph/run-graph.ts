import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { runIngest } from './run-ingest.ts';
import { runQuestions } from './run-questions.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const QUICK_SIZES = [10_000];

/** `--size N` asks one size alone; `--scenario ingest` leaves the questions out. */
export async function runGraph(options: BenchOptions): Promise<readonly BenchResult[]> {
  const { scenarios, isQuick, flags } = options;
  const isWanted = (name: string): boolean => scenarios.length === 0 || scenarios.includes(name);
  const given = flags['size'] === undefined ? undefined : [Number(flags['size'])];
  const results: BenchResult[] = [];
  for (const size of given ?? (isQuick ? QUICK_SIZES : SIZES)) {
    const names = ['neighbourhood', 'related', 'path'].map((name) => `${name}_${size}`);
    if (size === 100_000) names.push('hub');
    if (!names.some(isWanted)) continue;
    const found = await runQuestions(size, options);
    results.push(...found.filter(({ scenario }) => isWanted(scenario)));
  }
  if (isWanted('ingest')) results.push(await runIngest(options));
  return results;
}
