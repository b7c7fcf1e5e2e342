import { ensureGraph, forgetRevisions, sweepGraph } from '@socmate/knowledge-graph';
import { type WriteChangesDeps, writeRows } from './write-changes.ts';

export interface Rebuilt {
  readonly incidents: number;
  readonly entities: number;
  readonly mentions: number;
}

const PAGE = 1_000;

/**
 * Writes the whole graph from its rows, page by page, and then takes away what no row speaks of. It may run while
 * the graph is updated and asked, and beside another: what is right stays where it is. It ends where `say` throws.
 */
export async function rebuildGraph(
  given: WriteChangesDeps,
  say: (done: Rebuilt) => void = () => undefined,
): Promise<Rebuilt> {
  const deps = { ...given, touchesAll: true };
  const { source, graph, changes } = deps;
  await ensureGraph(graph);
  const since = await changes.nextRevision();
  await forgetRevisions(graph, since);
  let done: Rebuilt = { incidents: 0, entities: 0, mentions: 0 };
  for (let incidentIds = await source.incidentsAfter('', PAGE); incidentIds.length > 0; ) {
    const mentions = await writeRows(deps, { incidentIds, entityIds: [] });
    done = { ...done, incidents: done.incidents + incidentIds.length, mentions: done.mentions + mentions };
    say(done);
    incidentIds = await source.incidentsAfter(incidentIds.at(-1) ?? '', PAGE);
  }
  for (let entityIds = await source.entitiesAfter(0, PAGE); entityIds.length > 0; ) {
    await writeRows(deps, { incidentIds: [], entityIds });
    done = { ...done, entities: done.entities + entityIds.length };
    say(done);
    entityIds = await source.entitiesAfter(entityIds.at(-1) ?? 0, PAGE);
  }
  await sweepGraph(graph, since, () => {
    say(done);
    return changes.nextRevision();
  });
  return done;
}
