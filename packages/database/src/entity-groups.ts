import type { Entity, Relation } from '@socmate/contracts';
import { isWeakKey } from '@socmate/entities';
import { type EntityState, joinStates, type SeenSpan, stateOf } from './entity-state.ts';

export type SightedEntity = Entity & {
  /** In how many parts of the incident it stands: its own entities, each alert, its text. */
  readonly count?: number;
};
export type SightedRelation = Relation & { readonly count?: number };

/** What one incident names, and how those hang together. */
export interface IncidentSightings {
  readonly incidentId: string;
  /** The incident's own times, so that nothing depends on when it was read. */
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly entities: readonly SightedEntity[];
  /** Between keys or strong aliases of its entities; others are left out. */
  readonly relations: readonly SightedRelation[];
}

/** Entities of a batch, and rows that are stored already, which are all the same one. */
export interface EntityGroup {
  /** Ids of rows, smallest first; the first is the one that remains. */
  readonly ids: readonly number[];
  readonly state: EntityState;
  readonly aliases: ReadonlySet<string>;
}

/** The rows that a batch's names are known under. */
export type StoredNames = readonly { readonly name: string; readonly entityId: number }[];
export type StoredStates = ReadonlyMap<number, EntityState>;

/** Under what an entity is the same as another: its key, and every strong alias. */
export const namesOf = ({ key, aliases }: Entity): string[] => [
  ...new Set([key, ...aliases.filter((alias) => !isWeakKey(alias))]),
];

export const spanOf = ({ firstSeen, lastSeen }: IncidentSightings): SeenSpan => ({
  firstSeen: firstSeen.getTime(),
  lastSeen: lastSeen.getTime(),
});

interface Members {
  readonly states: EntityState[];
  readonly ids: Set<number>;
  readonly aliases: Set<string>;
}

/** The group of each name of a batch. */
export function groupEntities(
  batch: readonly IncidentSightings[],
  stored: StoredNames,
  states: StoredStates,
): Map<string, EntityGroup> {
  const sightings = batch.flatMap((one) => one.entities.map((entity) => ({ entity, span: spanOf(one) })));
  const union = createUnion();
  for (const { entity } of sightings) union.join(namesOf(entity));
  for (const { name, entityId } of stored) union.join([name, rowName(entityId)]);
  const groups = new Map<string, Members>();
  const groupOf = (name: string): Members => {
    const root = union.rootOf(name);
    const known = groups.get(root) ?? { states: [], ids: new Set(), aliases: new Set() };
    groups.set(root, known);
    return known;
  };
  for (const { entity, span } of sightings) {
    const group = groupOf(entity.key);
    group.states.push(stateOf(entity, span));
    for (const alias of [entity.key, ...entity.aliases]) group.aliases.add(alias);
  }
  for (const { name, entityId } of stored) groupOf(name).ids.add(entityId);
  const joined = new Map([...groups].map(([root, members]) => [root, toGroup(members, states)]));
  const names = sightings.flatMap(({ entity }) => namesOf(entity));
  return new Map(names.flatMap((name) => toEntry(name, joined.get(union.rootOf(name)))));
}

const toEntry = (name: string, group: EntityGroup | undefined) => (group ? [[name, group] as const] : []);

// No key begins with a space.
const rowName = (id: number): string => ` ${id}`;

function toGroup({ states, ids, aliases }: Members, stored: StoredStates): EntityGroup {
  const rows = [...ids].sort((a, b) => a - b);
  const all = [...rows.flatMap((id) => stored.get(id) ?? []), ...states];
  return { ids: rows, state: all.reduce(joinStates), aliases };
}

function createUnion() {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let root = name;
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root))
      root = next;
    for (let at = name; at !== root; ) {
      const next = parents.get(at) ?? root;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  const join = ([first, ...others]: readonly string[]): void => {
    if (first === undefined) return;
    const root = rootOf(first);
    for (const other of others) if (rootOf(other) !== root) parents.set(rootOf(other), root);
  };
  return { rootOf, join };
}
