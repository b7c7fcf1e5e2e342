import { type Graph, whole } from './graph.ts';
import { countEdges, passAsWriter } from './write-graph.ts';

const BATCH = 5_000;

const OLD_RELATIONS = `MATCH (a:Entity)-[r]->(b:Entity) WHERE r.rev < $rev WITH r, a.key AS a, b.key AS b LIMIT $limit
  DELETE r RETURN count(r) AS done, collect(DISTINCT a) + collect(DISTINCT b) AS left`;

const OLD_NODES = `MATCH (n:Incident|Alert|Technique|Entity) WHERE n.rev < $rev WITH n LIMIT $limit
  OPTIONAL MATCH (n)--(e:Entity) WITH collect(DISTINCT n) AS old, collect(DISTINCT e.key) AS left
  FOREACH (n IN old | DETACH DELETE n) RETURN size(old) AS done, left`;

/**
 * Takes away what nobody has written since a revision: after all rows were written, what no row speaks of.
 * It ends between two batches where `nextRev` throws.
 */
export async function sweepGraph(graph: Graph, since: number, nextRev: () => Promise<number>): Promise<void> {
  for (const cypher of [OLD_RELATIONS, OLD_NODES]) {
    for (let done = -1; done !== 0; ) {
      const rev = await nextRev();
      done = await graph.write(async (transaction) => {
        await passAsWriter(transaction, rev);
        const [row] = await transaction.run(cypher, { rev: whole(since), limit: whole(BATCH) });
        await countEdges(transaction, (row?.['left'] ?? []) as string[]);
        return Number(row?.['done'] ?? 0);
      });
    }
  }
}

const FORGET = `MATCH (w:GraphWriter {key: 'writer'}) WHERE w.rev > $rev SET w.rev = 0`;

/** Lets writers pass again whose database was put back to an earlier state, or is another one. */
export async function forgetRevisions(graph: Graph, rev: number): Promise<void> {
  await graph.runAlone(FORGET, { rev: whole(rev) });
}
