import {
  type EntityGroup,
  groupEntities,
  type IncidentSightings,
  namesOf,
  type StoredStates,
} from './entity-groups.ts';
import { type EntityMerge, mergeRows } from './entity-merges.ts';
import { addAliases, findNames, insertEntities, lockEntities, updateEntities } from './entity-rows.ts';
import { type RowOf, relationsOf, sightingsOf, storeRelations, storeSightings } from './entity-sightings.ts';
import { isSameState, looksSame } from './entity-state.ts';
import { entityChange, type GraphChange, incidentChange, tellGraph } from './graph-outbox.ts';
import { type Pool, type Queryable, run, transaction } from './pool.ts';

const LOCK = 72_707_370;
const SHARED_TRIES = 3;

/** Somebody else stored the same entity at the same time: the work begins anew. */
class Overtaken extends Error {}
/** Rows become one, or one gets another key: only who is alone may do that. */
class NeedsToBeAlone extends Error {}

/** What the caller does in the transaction, told which incidents name more than they did. */
type Settle = (db: Queryable, grown: readonly string[]) => Promise<void>;

interface Attempt {
  readonly batch: readonly IncidentSightings[];
  readonly settle: Settle;
  readonly isAlone: boolean;
}

/**
 * Stores what incidents name, in one transaction with what `settle` does: entities under all their names, where they
 * were seen, and their relations. Entities that share a strong name become one row. The same readings give the same
 * rows in any order, repeated, and however many store them at once. Nothing is removed.
 */
export async function storeReadings(
  pool: Pool,
  batch: readonly IncidentSightings[],
  settle: Settle = () => Promise.resolve(),
): Promise<void> {
  const incidents = new Set(batch.map(({ incidentId }) => incidentId));
  if (incidents.size < batch.length) throw new Error('an incident stands in a batch twice');
  for (let tries = 0; tries < SHARED_TRIES; tries += 1) {
    try {
      return await transaction(pool, (db) => store(db, { batch, settle, isAlone: false }));
    } catch (fault) {
      if (fault instanceof NeedsToBeAlone) break;
      if (!(fault instanceof Overtaken)) throw fault;
    }
  }
  await transaction(pool, (db) => store(db, { batch, settle, isAlone: true }));
}

async function store(db: Queryable, { batch, settle, isAlone }: Attempt): Promise<void> {
  const lock = isAlone ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
  await run(db, { text: `SELECT ${lock}($1)`, values: [LOCK] });
  const names = batch.flatMap(({ entities }) => entities.flatMap(namesOf));
  const stored = await findNames(db, [...new Set(names)]);
  const rowIds = stored.map(({ entityId }) => entityId);
  const states = await lockEntities(db, rowIds);
  const byName = groupEntities(batch, stored, states);
  const groups = [...new Set(byName.values())];
  const lost = groups.flatMap((group) => lostKeys(group, states));
  if (!isAlone && (lost.length > 0 || groups.some(({ ids }) => ids.length > 1))) throw new NeedsToBeAlone();
  await mergeRows(db, groups.flatMap(mergesOf));
  const { rowOf, changed } = await storeEntities(db, groups, states);
  const grown = await storeSightings(db, sightingsOf(batch, byName), rowOf);
  await storeRelations(db, relationsOf(batch, byName), rowOf);
  await tellGraph(db, [...lost, ...changed.map(entityChange), ...batch.map(incidentChange)]);
  await settle(db, grown);
}

const mergesOf = ({ ids: [survivor, ...losers] }: EntityGroup): EntityMerge[] =>
  survivor === undefined ? [] : losers.map((loser) => ({ loser, survivor }));

/** Keys that rows had and that are none any more. */
function lostKeys({ ids, state: { key } }: EntityGroup, states: StoredStates): GraphChange[] {
  const [intoId] = ids;
  if (intoId === undefined) return [];
  const keys = ids.flatMap((id) => states.get(id)?.key ?? []);
  return keys.filter((each) => each !== key).map((ref) => ({ kind: 'merged', ref, intoId }));
}

interface StoredEntities {
  readonly rowOf: RowOf;
  /** Rows that were there and look different now, in more than when they were seen. */
  readonly changed: readonly number[];
}

async function storeEntities(
  db: Queryable,
  groups: readonly EntityGroup[],
  states: StoredStates,
): Promise<StoredEntities> {
  const fresh = groups.filter(({ ids }) => ids.length === 0);
  const inserted = await insertEntities(
    db,
    fresh.map(({ state }) => state),
  );
  if (inserted.size < fresh.length) throw new Overtaken();
  const rowOf: RowOf = ({ ids: [id], state: { key } }) => id ?? idOf(inserted, key);
  const old = groups.flatMap(({ ids: [id], state }) => (id === undefined ? [] : [[id, state] as const]));
  const moved = old.filter(([id, state]) => !isSameState(state, states.get(id)));
  await updateEntities(db, new Map(moved));
  const byRow = new Map(groups.map((group) => [rowOf(group), group]));
  const { renamed, hasConflict } = await addAliases(db, byRow);
  if (hasConflict) throw new Overtaken();
  const changed = old.filter(([id, state]) => renamed.has(id) || !looksSame(state, states.get(id)));
  return { rowOf, changed: changed.map(([id]) => id) };
}

function idOf(inserted: ReadonlyMap<string, number>, key: string): number {
  const id = inserted.get(key);
  if (id === undefined) throw new Error(`there is no row of ${key}`);
  return id;
}
