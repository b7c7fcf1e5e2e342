import type { Graph } from './graph.ts';

const LABELS = ['Entity', 'Incident', 'Alert', 'Technique', 'GraphWriter'] as const;

const STATEMENTS = [
  ...LABELS.map(
    (label) =>
      `CREATE CONSTRAINT ${label.toLowerCase()}_key IF NOT EXISTS FOR (n:${label}) REQUIRE n.key IS UNIQUE`,
  ),
  'CREATE INDEX incident_number IF NOT EXISTS FOR (n:Incident) ON (n.number)',
];

const WRITER = `MERGE (w:GraphWriter {key: 'writer'}) ON CREATE SET w.rev = 0`;

const HAS_WRITER = 'MATCH (w:GraphWriter) RETURN count(w) AS writers';

/**
 * Makes the constraints and indexes that everything else relies on; safe to run at every start, by all at once.
 * `onNew` is called, maybe by several, before anything is written to a graph that was never written to.
 */
export async function ensureGraph(graph: Graph, onNew?: () => Promise<void>): Promise<void> {
  for (const statement of STATEMENTS) await graph.runAlone(statement);
  await graph.runAlone('CALL db.awaitIndexes(300)');
  if (onNew) {
    const [row] = await graph.runAlone(HAS_WRITER);
    if (row?.['writers'] === 0) await onNew();
  }
  await graph.runAlone(WRITER);
}
