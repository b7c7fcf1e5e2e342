import type { Benchmark } from './benchmark.ts';
import { runEnrichment } from './enrichment/run-enrichment.ts';
import { runExtraction } from './extraction/run-extraction.ts';
import { runGraph } from './graph/run-graph.ts';
import { runIncidents } from './incidents/run-incidents.ts';
import { runNotifier } from './notifier/run-notifier.ts';
import { runSync } from './sync/run-sync.ts';

/** A line here adds a benchmark. */
export const benchmarks: readonly Benchmark[] = [
  { name: 'sync', about: 'how fast incidents and their alerts come out of Sentinel', run: runSync },
  {
    name: 'incidents',
    about: 'how fast the incidents API answers, with few and with many',
    run: runIncidents,
  },
  { name: 'notifier', about: 'how fast events reach their receivers, and at which cost', run: runNotifier },
  { name: 'extraction', about: 'how fast text is searched for entities', run: runExtraction },
  {
    name: 'enrichment',
    about: 'how soon an incident with 20 entities is enriched, asked for the first time and again',
    run: runEnrichment,
  },
  { name: 'graph', about: 'how fast the knowledge graph answers, and how fast it is written', run: runGraph },
];
