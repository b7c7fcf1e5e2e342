import type { BenchOptions, BenchResult } from '../benchmark.ts';

/** 20,000 generated incidents as fast as they come, then 5,000 from a Sentinel that answers as slowly as Azure. */
export async function runSync({ say }: BenchOptions): Promise<readonly BenchResult[]> {
  say('sync: nothing is measured yet');
  return [];
}
