import type { Benchmark } from './benchmark.ts';
import { runSync } from './sync/run-sync.ts';

/** A line here adds a benchmark. */
export const benchmarks: readonly Benchmark[] = [
  { name: 'sync', about: 'how fast incidents and their alerts come out of Sentinel', run: runSync },
];
