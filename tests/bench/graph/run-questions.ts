import {
  createGraph,
  type Graph,
  hubs,
  incidentHistory,
  neighbourhood,
  relatedIncidents,
  shortestPath,
} from '@socmate/knowledge-graph';
import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { percentile } from '../percentile.ts';
import { startBenchNeo4j } from './bench-neo4j.ts';
import { draw, entityKey, incidentKey, incidentsOf } from './graph-seed.ts';
import { HUB_DEGREE, HUB_KEY, loadGraph } from './load-graph.ts';

const NEIGHBOURHOOD_P95_MS = 100;
const RELATED_P95_MS = 300;
const HUB_MAX_MS = 2_000;
const WARM_UP = 50;
const ASKED = 300;
const LIMIT = 100;

interface Asked {
  readonly isTruncated: boolean;
  readonly found: number;
}

interface Timed {
  readonly ms: readonly number[];
  readonly truncatedPercent: number;
  readonly foundMean: number;
}

/** One question after another; the first ones warm up and do not count. */
async function time(count: number, ask: (n: number) => Promise<Asked>): Promise<Timed> {
  for (let n = 0; n < WARM_UP; n += 1) await ask(count + n);
  const ms: number[] = [];
  let truncated = 0;
  let found = 0;
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    const answer = await ask(n);
    ms.push(performance.now() - began);
    truncated += Number(answer.isTruncated);
    found += answer.found;
  }
  return {
    ms,
    truncatedPercent: Math.round((truncated / count) * 100),
    foundMean: Math.round((found / count) * 10) / 10,
  };
}

const round = (value: number | null): number | null => value && Math.round(value * 10) / 10;

const figuresOf = ({ ms, truncatedPercent, foundMean }: Timed) => ({
  ms_p50: round(percentile(ms, 50)),
  ms_p95: round(percentile(ms, 95)),
  ms_p99: round(percentile(ms, 99)),
  ms_max: round(Math.max(...ms)),
  truncated_percent: truncatedPercent,
  found_mean: foundMean,
});

const neighbourhoodOf = async (graph: Graph, key: string): Promise<Asked> => {
  const found = await neighbourhood(graph, { entity: key }, {}, { depth: 2, limit: LIMIT });
  return { isTruncated: found?.isTruncated ?? false, found: found?.nodes.length ?? 0 };
};

async function askSize(graph: Graph, size: number): Promise<Omit<BenchResult, 'settings'>[]> {
  const anyEntity = (n: number) => entityKey(Math.floor(size * draw(n, 11)));
  const anyIncident = (n: number) => incidentKey(Math.floor(incidentsOf(size) * draw(n, 12)));
  const near = figuresOf(await time(ASKED, (n) => neighbourhoodOf(graph, anyEntity(n))));
  const related = figuresOf(
    await time(ASKED, async (n) => {
      const { items, isTruncated } = await relatedIncidents(graph, anyIncident(n), { limit: 20 });
      return { isTruncated, found: items.length };
    }),
  );
  const paths = figuresOf(
    await time(ASKED / 3, async (n) => {
      const ends = [{ entity: anyEntity(n) }, { incident: anyIncident(n) }] as const;
      const path = await shortestPath(graph, ends, {}, { maxDepth: 4 });
      return { isTruncated: path?.isTruncated ?? false, found: path?.edges.length ?? 0 };
    }),
  );
  const isMet = (ms: number | null, most: number): boolean => ms !== null && ms <= most;
  return [
    {
      scenario: `neighbourhood_${size}`,
      figures: near,
      targets: [
        {
          target: `ms_p95 <= ${NEIGHBOURHOOD_P95_MS}`,
          met: isMet(near.ms_p95, NEIGHBOURHOOD_P95_MS),
        },
      ],
    },
    {
      scenario: `related_${size}`,
      figures: related,
      targets: [{ target: `ms_p95 <= ${RELATED_P95_MS}`, met: isMet(related.ms_p95, RELATED_P95_MS) }],
    },
    { scenario: `path_${size}`, figures: paths },
  ];
}

async function askHub(graph: Graph): Promise<Omit<BenchResult, 'settings'>> {
  const near = figuresOf(await time(50, () => neighbourhoodOf(graph, HUB_KEY)));
  const history = figuresOf(
    await time(50, async () => {
      const { items, isTruncated } = await incidentHistory(graph, entityKey(0), { limit: 50 });
      return { isTruncated, found: items.length };
    }),
  );
  const [top] = await hubs(graph, HUB_DEGREE, 10);
  const isBounded = near.ms_max !== null && near.ms_max <= HUB_MAX_MS && near.truncated_percent === 100;
  return {
    scenario: 'hub',
    figures: { ...near, history_ms_p95: history.ms_p95, top_degree: top?.degree ?? null },
    targets: [{ target: `ms_max <= ${HUB_MAX_MS}, truncated_percent = 100`, met: isBounded }],
  };
}

/** Questions to the graph itself, one after another, at one size. */
export async function runQuestions(size: number, options: BenchOptions): Promise<BenchResult[]> {
  const { say } = options;
  const neo4j = await startBenchNeo4j(`graph-${size}`, { isKept: true, say });
  const graph = createGraph(neo4j);
  try {
    const { edges, loadS } = await loadGraph({ graph, size, say });
    const settings = { entities: size, edges, incidents: incidentsOf(size), depth: 2, limit: LIMIT };
    say(`asking a graph of ${size} entities`);
    const results = await askSize(graph, size);
    if (size >= HUB_DEGREE) results.push(await askHub(graph));
    return results.map((result) => ({
      ...result,
      settings,
      figures: { ...result.figures, load_s: loadS },
      ...(loadS === null && { notes: ['load_s: the data were kept from an earlier run'] }),
    }));
  } finally {
    await graph.close();
    await neo4j.stop();
  }
}
