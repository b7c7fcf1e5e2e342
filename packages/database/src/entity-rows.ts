import { EntityType } from '@socmate/contracts';
import { isWeakKey } from '@socmate/entities';
import { z } from 'zod';
import type { EntityGroup, StoredNames } from './entity-groups.ts';
import { type EntityState, strengthOf } from './entity-state.ts';
import { type Queryable, rows, run } from './pool.ts';

const NAMES = `SELECT alias AS name, entity_id FROM entity_alias WHERE alias = ANY ($1) AND is_strong
  UNION ALL SELECT key, id FROM entity WHERE key = ANY ($2)`;

const NameRow = z
  .object({ name: z.string(), entity_id: z.int() })
  .transform((row) => ({ name: row.name, entityId: row.entity_id }));

/** Whose these names are, weak ones as keys alone. */
export function findNames(db: Queryable, names: readonly string[]): Promise<StoredNames> {
  const values = [names.filter((name) => !isWeakKey(name)), names.filter(isWeakKey)];
  return rows(db, NameRow, { name: 'entity-names', text: NAMES, values });
}

// Whoever changes several entities takes them in this order.
const LOCK = `SELECT id, key, type, value, attributes, attribute_times, first_seen, last_seen FROM entity
  WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE`;

const millis = z.date().transform((date) => date.getTime());
const StateRow = z
  .object({
    id: z.int(),
    key: z.string(),
    type: EntityType,
    value: z.string(),
    attributes: z.record(z.string(), z.unknown()),
    attribute_times: z.record(z.string(), z.number()),
    first_seen: millis,
    last_seen: millis,
  })
  .transform(({ id, attribute_times, first_seen, last_seen, ...state }): [number, EntityState] => [
    id,
    { ...state, attributeTimes: attribute_times, firstSeen: first_seen, lastSeen: last_seen },
  ]);

/** Locks them until the end of the transaction. */
export async function lockEntities(db: Queryable, ids: readonly number[]): Promise<Map<number, EntityState>> {
  const values = [[...new Set(ids)]];
  return new Map(await rows(db, StateRow, { name: 'lock-entities', text: LOCK, values }));
}

const COLUMNS = `id bigint, key text, type text, value text, strength text, attributes jsonb, attribute_times jsonb,
  first_seen timestamptz, last_seen timestamptz`;

const INSERT = `INSERT INTO entity (key, type, value, strength, attributes, attribute_times, first_seen, last_seen)
  SELECT key, type, value, strength, attributes, attribute_times, first_seen, last_seen
  FROM jsonb_to_recordset($1::jsonb) AS given (${COLUMNS}) ORDER BY key COLLATE "C"
  ON CONFLICT (key) DO NOTHING RETURNING id, key`;

const UPDATE = `UPDATE entity SET key = given.key, type = given.type, value = given.value,
    attributes = given.attributes, attribute_times = given.attribute_times,
    first_seen = given.first_seen, last_seen = given.last_seen
  FROM jsonb_to_recordset($1::jsonb) AS given (${COLUMNS}) WHERE entity.id = given.id`;

const toRecord = ({ attributeTimes, firstSeen, lastSeen, ...state }: EntityState, id?: number) => ({
  ...state,
  id,
  strength: strengthOf(state.key),
  attribute_times: attributeTimes,
  first_seen: new Date(firstSeen),
  last_seen: new Date(lastSeen),
});

/** The ids by key; a key that somebody else has inserted meanwhile is not among them. */
export async function insertEntities(
  db: Queryable,
  states: readonly EntityState[],
): Promise<Map<string, number>> {
  if (states.length === 0) return new Map();
  const values = [JSON.stringify(states.map((state) => toRecord(state)))];
  const Row = z.object({ id: z.int(), key: z.string() });
  const inserted = await rows(db, Row, { name: 'insert-entities', text: INSERT, values });
  return new Map(inserted.map(({ id, key }) => [key, id]));
}

export async function updateEntities(db: Queryable, states: ReadonlyMap<number, EntityState>): Promise<void> {
  if (states.size === 0) return;
  const records = [...states].map(([id, state]) => toRecord(state, id));
  await run(db, { name: 'update-entities', text: UPDATE, values: [JSON.stringify(records)] });
}

const KNOWN_ALIASES = 'SELECT alias, entity_id FROM entity_alias WHERE entity_id = ANY ($1)';

const ADD_ALIASES = `INSERT INTO entity_alias (alias, entity_id, is_strong)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::boolean[]) AS given (alias, entity_id, is_strong)
  ORDER BY alias COLLATE "C", entity_id
  ON CONFLICT DO NOTHING RETURNING alias, entity_id`;

const AliasRow = z.object({ alias: z.string(), entity_id: z.int() });

export interface AddedAliases {
  /** Rows that got a name which they did not have. */
  readonly renamed: ReadonlySet<number>;
  /** Whether somebody else has given one of the strong names meanwhile. */
  readonly hasConflict: boolean;
}

export async function addAliases(
  db: Queryable,
  groups: ReadonlyMap<number, EntityGroup>,
): Promise<AddedAliases> {
  const known = await rows(db, AliasRow, {
    name: 'known-aliases',
    text: KNOWN_ALIASES,
    values: [[...groups].filter(([, { ids }]) => ids.length > 0).map(([id]) => id)],
  });
  const has = new Set(known.map(({ alias, entity_id }) => `${entity_id} ${alias}`));
  const missing = [...groups].flatMap(([id, { aliases }]) =>
    [...aliases].flatMap((alias) => (has.has(`${id} ${alias}`) ? [] : [{ id, alias }])),
  );
  if (missing.length === 0) return { renamed: new Set(), hasConflict: false };
  const isStrong = missing.map(({ alias }) => !isWeakKey(alias));
  const values = [missing.map(({ alias }) => alias), missing.map(({ id }) => id), isStrong];
  const added = await rows(db, AliasRow, { name: 'add-aliases', text: ADD_ALIASES, values });
  return {
    renamed: new Set(added.map(({ entity_id }) => entity_id)),
    hasConflict: added.length < missing.length,
  };
}
