import type { ClaimedGraphChange, GraphChanges, GraphSource } from '@socmate/database';
import {
  type Graph,
  type GraphBatch,
  incidentsNaming,
  removeEntity,
  StaleRevision,
  writeGraph,
} from '@socmate/knowledge-graph';
import { toGraphBatch } from './to-graph-batch.ts';

export interface WriteChangesDeps {
  readonly changes: Pick<GraphChanges, 'nextRevision'>;
  readonly source: GraphSource;
  readonly graph: Graph;
  /** As a rebuild does, before it sweeps. */
  readonly touchesAll?: boolean;
}

interface Refs {
  readonly incidentIds: readonly string[];
  readonly entityIds: readonly number[];
}

/** Mentions of one transaction; an incident that has more goes alone. */
const MENTIONS = 8_000;
const INCIDENTS = 1_000;
const STALE_TRIES = 20;

/** Makes the graph say what the rows say that some changes name. Safe to run twice, late, and beside others. */
export async function writeChanges(
  deps: WriteChangesDeps,
  changes: readonly ClaimedGraphChange[],
): Promise<number> {
  const gone = new Set(changes.filter(({ kind }) => kind === 'merged').map(({ ref }) => ref));
  const survivors = changes.flatMap(({ into_id }) => into_id ?? []);
  const entities = changes.filter(({ kind }) => kind === 'entity').map(({ ref }) => Number(ref));
  const incidents = changes.filter(({ kind }) => kind === 'incident').map(({ ref }) => ref);
  const mentions = await writeRows(deps, {
    incidentIds: [...new Set(incidents)],
    entityIds: [...new Set([...entities, ...survivors])],
  });
  for (const key of [...gone].sort()) await removeKey(deps, key);
  return mentions;
}

/** Answers how many mentions were written. The rows of the next slice are read while one is written. */
export async function writeRows(deps: WriteChangesDeps, { incidentIds, entityIds }: Refs): Promise<number> {
  const slices = await sliced(deps.source, incidentIds);
  const all: Refs[] = slices.map((slice) => ({ incidentIds: slice, entityIds: [] }));
  if (entityIds.length > 0) all.push({ incidentIds: [], entityIds });
  let mentions = 0;
  let next = all[0] && readBatch(deps, all[0]);
  for (const [index, refs] of all.entries()) {
    const first = next;
    const following = all[index + 1];
    next = following && readBatch(deps, following);
    // It is awaited in the next round, if there is one.
    next?.catch(() => undefined);
    mentions += await writeBatch(deps, refs, first);
  }
  return mentions;
}

async function readBatch({ changes, source, touchesAll }: WriteChangesDeps, refs: Refs): Promise<GraphBatch> {
  const rev = await changes.nextRevision();
  return { ...toGraphBatch(rev, await source.read(refs), refs.incidentIds), touchesAll };
}

async function writeBatch(
  deps: WriteChangesDeps,
  refs: Refs,
  first: Promise<GraphBatch> | undefined,
): Promise<number> {
  let batch = first;
  return untilNotStale(async () => {
    const read = await (batch ?? readBatch(deps, refs));
    batch = undefined;
    await writeGraph(deps.graph, read);
    return read.incidents.reduce((sum, incident) => sum + incident.mentions.length, 0);
  });
}

async function sliced(source: GraphSource, incidentIds: readonly string[]): Promise<string[][]> {
  if (incidentIds.length === 0) return [];
  const counts = await source.mentionCounts(incidentIds);
  const slices: string[][] = [];
  let room = 0;
  for (const id of incidentIds) {
    const count = counts.get(id) ?? 0;
    const last = slices.at(-1);
    if (last && count <= room && last.length < INCIDENTS) {
      last.push(id);
      room -= count;
    } else {
      slices.push([id]);
      room = MENTIONS - count;
    }
  }
  return slices;
}

/** What was read before somebody else wrote is read again. */
async function untilNotStale<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (fault) {
      if (!(fault instanceof StaleRevision)) throw fault;
      if (tries === STALE_TRIES)
        throw new Error('the graph is ahead of its rows: rebuild it', { cause: fault });
    }
  }
}

/** An entity's key that is none any more: incidents that the graph shows with it are written anew, then it goes. */
async function removeKey(deps: WriteChangesDeps, key: string): Promise<void> {
  for (;;) {
    const own = (await deps.source.ownKeys([key])).get(key);
    if (own !== undefined) {
      await writeRows(deps, { incidentIds: [], entityIds: [own] });
      return;
    }
    const incidentIds = await incidentsNaming(deps.graph, key, INCIDENTS);
    if (incidentIds.length > 0) await writeRows(deps, { incidentIds, entityIds: [] });
    else if (await untilNotStale(() => removeIfGone(deps, key))) return;
  }
}

/** Looks after the revision was drawn: what was made an entity again before it stays. */
async function removeIfGone({ changes, source, graph }: WriteChangesDeps, key: string): Promise<boolean> {
  const rev = await changes.nextRevision();
  if ((await source.ownKeys([key])).size > 0) return false;
  return removeEntity(graph, key, rev);
}
