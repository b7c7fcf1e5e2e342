import { ensureGraph, type Graph } from '@socmate/knowledge-graph';
import {
  entityKey,
  incidentKey,
  incidentsOf,
  RELATION_KINDS,
  seedEntity,
  seedIncident,
  seedMentions,
  seedRelations,
} from './graph-seed.ts';

const BATCH = 5_000;
export const HUB_KEY = 'ip:hub.bench.example.com';
export const HUB_DEGREE = 100_000;

const TIMES = `first_seen: 1767225600000, last_seen: 1767225600000, count: 1`;

const ENTITIES = `UNWIND $rows AS row CREATE (e:Entity) SET e = row, e.sessions = 0, e.incidents = 0, e.degree = 0, e.rev = 1`;
const INCIDENTS = `UNWIND $rows AS row CREATE (i:Incident) SET i = row, i.number = toInteger(row.number), i.provider_id = 'prv_bench',
  i.provider = 'bench', i.severity = 'medium', i.status = 'new', i.rev = 1`;
const MENTIONS = `UNWIND $rows AS row MATCH (i:Incident {key: row.incident}) MATCH (e:Entity {key: row.entity})
  CREATE (i)-[:INVOLVES {role: '', ${TIMES}}]->(e)`;
const relations = (kind: string): string =>
  `UNWIND $rows AS row MATCH (a:Entity {key: row.from}) MATCH (b:Entity {key: row.to})
  CREATE (a)-[:${kind} {${TIMES}, providers: ['prv_bench'], rev: 1}]->(b)`;
const HUB = `UNWIND $rows AS row MATCH (h:Entity {key: '${HUB_KEY}'}) MATCH (e:Entity {key: row})
  CREATE (e)-[:CONNECTED_TO {${TIMES}, providers: ['prv_bench'], rev: 1}]->(h)`;
const COUNTS = `MATCH (e:Entity) CALL (e) { SET e.incidents = COUNT { (e)<-[:INVOLVES]-() }, e.degree = COUNT { (e)--() }
  FOREACH (_ IN CASE WHEN e.degree >= 1000 THEN [1] ELSE [] END | SET e:Hub) }
  IN TRANSACTIONS OF 10000 ROWS`;
const LOADED = 'MATCH (l:BenchLoad {size: $size}) RETURN l.edges AS edges';
const WIPE = 'MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS';

export interface LoadedGraph {
  readonly edges: number;
  /** Null where it had been loaded before. */
  readonly loadS: number | null;
}

interface Loading {
  readonly graph: Graph;
  readonly size: number;
  readonly say: (text: string) => void;
}

/** Answers how many rows were written. */
async function inBatches<T>(
  { graph, say }: Loading,
  cypher: string,
  { count, rowsOf, what }: { count: number; rowsOf: (n: number) => T[]; what: string },
): Promise<number> {
  let written = 0;
  let rows: T[] = [];
  const flush = async (): Promise<void> => {
    if (rows.length > 0) await graph.runAlone(cypher, { rows });
    written += rows.length;
    rows = [];
  };
  for (let n = 0; n < count; n += 1) {
    rows.push(...rowsOf(n));
    if (rows.length < BATCH) continue;
    await flush();
    if (n % 50_000 < BATCH) say(`  ${what}: ${n} of ${count}`);
  }
  await flush();
  return written;
}

async function loadAll(loading: Loading): Promise<number> {
  const { size } = loading;
  await inBatches(loading, ENTITIES, { count: size, rowsOf: (n) => [seedEntity(n)], what: 'entities' });
  const count = incidentsOf(size);
  await inBatches(loading, INCIDENTS, { count, rowsOf: (n) => [seedIncident(n)], what: 'incidents' });
  let edges = await inBatches(loading, MENTIONS, {
    count,
    rowsOf: (n) =>
      seedMentions(size, n).map(({ incident, entity }) => ({
        incident: incidentKey(incident),
        entity: entityKey(entity),
      })),
    what: 'mentions of incidents',
  });
  for (const kind of RELATION_KINDS)
    edges += await inBatches(loading, relations(kind), {
      count: size,
      rowsOf: (n) =>
        seedRelations(size, n)
          .filter((relation) => relation.kind === kind)
          .map(({ from, to }) => ({ from: entityKey(from), to: entityKey(to) })),
      what: `${kind} of entities`,
    });
  return edges + (await loadHub(loading));
}

/** One address that very many have talked to, where there are as many. */
async function loadHub(loading: Loading): Promise<number> {
  if (loading.size < HUB_DEGREE) return 0;
  const hub = { key: HUB_KEY, type: 'ip', value: 'hub.bench.example.com', strength: 'strong' };
  await loading.graph.runAlone(ENTITIES, { rows: [hub] });
  return inBatches(loading, HUB, { count: HUB_DEGREE, rowsOf: (n) => [entityKey(n)], what: 'the hub' });
}

/** A graph of so many entities with five edges each, loaded once and kept. */
export async function loadGraph(loading: Loading): Promise<LoadedGraph> {
  const { graph, size, say } = loading;
  await ensureGraph(graph);
  const [loaded] = await graph.runAlone(LOADED, { size });
  if (loaded) return { edges: Number(loaded['edges']), loadS: null };
  await graph.runAlone(WIPE);
  await ensureGraph(graph);
  say(`loading ${size} entities`);
  const began = performance.now();
  const edges = await loadAll(loading);
  await graph.runAlone(COUNTS);
  await graph.runAlone('CREATE (:BenchLoad {size: $size, edges: $edges})', { size, edges });
  return { edges, loadS: Math.round((performance.now() - began) / 1_000) };
}
