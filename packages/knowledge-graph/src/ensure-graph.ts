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

/** Makes the constraints and indexes that everything else relies on; safe to run at every start, by all at once. */
export async function ensureGraph(graph: Graph): Promise<void> {
  for (const statement of STATEMENTS) await graph.runAlone(statement);
  await graph.runAlone('CALL db.awaitIndexes(300)');
  await graph.runAlone(WRITER);
}
