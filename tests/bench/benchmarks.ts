import type { Benchmark } from './benchmark.ts';
import { runExtraction } from './extraction/run-extraction.ts';
import { runIncidents } from './incidents/run-incidents.ts';
import { runSync } from './sync/run-sync.ts';

/** A line here adds a benchmark. */
export const benchmarks: readonly Benchmark[] = [
  { name: 'sync', about: 'how fast incidents and their alerts come out of Sentinel', run: runSync },
  {
    name: 'incidents',
    about: 'how fast the incidents API answers, with few and with many',
    run: runIncidents,
  },
  { name: 'extraction', about: 'how fast text is searched for entities', run: runExtraction },
];
