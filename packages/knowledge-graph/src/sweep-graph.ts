import { type Graph, whole } from './graph.ts';
import { passAsWriter } from './write-graph.ts';

const BATCH = 5_000;

const OLD_RELATIONS = `MATCH (:Entity)-[r]->(:Entity) WHERE r.rev < $rev WITH r LIMIT $limit
  WITH r, startNode(r) AS a, endNode(r) AS b DELETE r WITH collect(DISTINCT a) + collect(DISTINCT b) AS ends
  UNWIND ends AS e WITH DISTINCT e SET e.degree = COUNT { (e)--() } RETURN count(e) AS done`;

const OLD_NODES = `MATCH (n:Incident|Alert|Technique|Entity) WHERE n.rev < $rev WITH n LIMIT $limit
  OPTIONAL MATCH (n)--(e:Entity) WITH collect(DISTINCT n) AS old, collect(DISTINCT e) AS ends
  FOREACH (n IN old | DETACH DELETE n) WITH old, [e IN ends WHERE NOT e IN old] AS left
  CALL (left) { UNWIND left AS e SET e.degree = COUNT { (e)--() }, e.incidents = COUNT { (e)<-[:INVOLVES]-() } }
  RETURN size(old) AS done`;

/** Takes away what nobody has written since a revision: after all rows were written, what no row speaks of. */
export async function sweepGraph(graph: Graph, since: number, nextRev: () => Promise<number>): Promise<void> {
  for (const cypher of [OLD_RELATIONS, OLD_NODES]) {
    for (let done = -1; done !== 0; ) {
      const rev = await nextRev();
      done = await graph.write(async (transaction) => {
        await passAsWriter(transaction, rev);
        const [row] = await transaction.run(cypher, { rev: whole(since), limit: whole(BATCH) });
        return Number(row?.['done'] ?? 0);
      });
    }
  }
}

const FORGET = `MATCH (w:GraphWriter {key: 'writer'}) REMOVE w.locked WITH w WHERE w.rev > $rev SET w.rev = 0`;

/** Lets writers pass again whose database was put back to an earlier state, or is another one. */
export async function forgetRevisions(graph: Graph, rev: number): Promise<void> {
  await graph.runAlone(FORGET, { rev: whole(rev) });
}
