import { type Graph, whole } from './graph.ts';

export interface Hub {
  readonly key: string;
  readonly type: string;
  readonly value: string;
  readonly degree: number;
  readonly incidents: number;
}

const TIMEOUT_MS = 2_000;

const HUBS = `MATCH (e:Hub) WHERE e.degree >= $least
  RETURN e.key AS key, e.type AS type, e.value AS value, e.degree AS degree, e.incidents AS incidents
  ORDER BY e.degree DESC LIMIT $limit`;

/** The entities with the most edges, of those that have at least so many; a thousand is the least. */
export async function hubs(graph: Graph, least: number, limit: number): Promise<Hub[]> {
  const parameters = { least: whole(least), limit: whole(limit) };
  return (await graph.read(HUBS, parameters, { timeoutMs: TIMEOUT_MS })) as unknown as Hub[];
}
