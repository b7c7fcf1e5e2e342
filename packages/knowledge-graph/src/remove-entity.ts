import { type Graph, whole } from './graph.ts';
import { countEdges, passAsWriter } from './write-graph.ts';

const ATTACHED = `MATCH (e:Entity {key: $key}) USING INDEX SEEK e:Entity(key) WITH e MATCH (e)<-[:INVOLVES]-(i) RETURN i.key AS key LIMIT $limit`;
const TIMEOUT_MS = 30_000;

/** Incidents that still name an entity, in no order. */
export async function incidentsNaming(graph: Graph, key: string, limit: number): Promise<string[]> {
  const found = await graph.read(ATTACHED, { key, limit: whole(limit) }, { timeoutMs: TIMEOUT_MS });
  return found.map((row) => String(row['key']));
}

// Relations are stated by incidents: where none names it, nothing states them any more.
const REMOVE = `MATCH (e:Entity {key: $key}) WHERE NOT EXISTS { (e)<-[:INVOLVES]-() }
  OPTIONAL MATCH (e)--(o:Entity) WITH e, collect(DISTINCT o.key) AS others DETACH DELETE e RETURN others`;

const EXISTS = 'MATCH (e:Entity {key: $key}) RETURN e.key AS key';

/** Takes away an entity that is none any more; false where an incident names it by now. */
export function removeEntity(graph: Graph, key: string, rev: number): Promise<boolean> {
  return graph.write(async (transaction) => {
    await passAsWriter(transaction, rev);
    const [removed] = await transaction.run(REMOVE, { key });
    if (!removed) return (await transaction.run(EXISTS, { key })).length === 0;
    await countEdges(transaction, removed['others'] as string[]);
    return true;
  });
}
