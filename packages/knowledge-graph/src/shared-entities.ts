import { type Graph, whole } from './graph.ts';

export interface SharedEntity {
  readonly key: string;
  readonly type: string;
  readonly value: string;
  /** How many incidents name it. */
  readonly incidents: number;
}

const TIMEOUT_MS = 2_000;

const SHARED = `MATCH (a:Incident {key: $first}) USING INDEX SEEK a:Incident(key) WITH a MATCH (a)-[:INVOLVES]->(e)
  WHERE EXISTS { (e)<-[:INVOLVES]-(:Incident {key: $second}) }
  RETURN e.key AS key, e.type AS type, e.value AS value, e.incidents AS incidents
  ORDER BY incidents, key LIMIT $limit`;

/** What two incidents both name, the rarest first. */
export async function sharedEntities(
  graph: Graph,
  [first, second]: readonly [string, string],
  limit: number,
): Promise<{ items: readonly SharedEntity[]; isTruncated: boolean }> {
  const parameters = { first, second, limit: whole(limit + 1) };
  const items = (await graph.read(SHARED, parameters, {
    timeoutMs: TIMEOUT_MS,
  })) as unknown as SharedEntity[];
  return { items: items.slice(0, limit), isTruncated: items.length > limit };
}
