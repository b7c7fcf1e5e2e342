import { Entity, type EntityType, Verdict } from '@socmate/contracts';
import { rankAliases } from '@socmate/entities';
import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';

const time = z.date().transform((date) => date.toISOString());

const stored = {
  ...Entity.pick({ type: true, value: true, key: true, strength: true, attributes: true }).shape,
  id: z.int(),
  aliases: z.array(z.string()).transform((aliases) => rankAliases(aliases)),
  first_seen: time,
  last_seen: time,
  verdict: Verdict.nullable(),
  risk: z.int().nullable(),
};
const EntityRow = z.object(stored);
/** An entity as it is stored, its best name first; `id` is no one else's, and goes when it turns out to be another. */
export type StoredEntity = z.output<typeof EntityRow>;

const NamedRow = z.object({
  ...stored,
  ...Entity.pick({ source: true, confidence: true }).shape,
  role: z.string(),
  count: z.int(),
  /** By the incident's own activity, where `first_seen` and `last_seen` are those of all incidents. */
  named_first: time,
  named_last: time,
});
/** An entity as an incident names it. */
export type NamedEntity = z.output<typeof NamedRow>;

export interface EntityQuestion {
  /** Best first, as `lookupKeys` answers them for the workspace's id. */
  readonly keys: readonly string[];
  readonly type?: EntityType | undefined;
  /** Those that incidents of these workspaces name; undefined is all. */
  readonly providerIds?: readonly string[] | undefined;
}

export interface Entities {
  /** Of those that go by the first key that any goes by: the strong one before the weak, then the last seen. */
  find(question: EntityQuestion): Promise<StoredEntity | undefined>;
  /** By type, then by key. */
  ofIncident(incidentId: string): Promise<NamedEntity[]>;
}

const COLUMNS = `e.id, e.key, e.type, e.value, e.strength, e.attributes, e.first_seen, e.last_seen, e.verdict, e.risk,
  ARRAY (SELECT a.alias FROM entity_alias AS a WHERE a.entity_id = e.id) AS aliases`;

const FIND = `SELECT ${COLUMNS} FROM (
    SELECT e.* FROM unnest($1::text[]) WITH ORDINALITY AS given (alias, place)
    JOIN entity_alias AS a ON a.alias = given.alias JOIN entity AS e ON e.id = a.entity_id
    WHERE ($2::text IS NULL OR e.type = $2) AND ($3::text[] IS NULL OR EXISTS (
      SELECT FROM incident_entity AS s JOIN incident AS i ON i.id = s.incident_id
      WHERE s.entity_id = e.id AND i.provider_id = ANY ($3)))
    ORDER BY place, e.strength, e.last_seen DESC, e.id LIMIT 1) AS e`;

const OF_INCIDENT = `SELECT ${COLUMNS}, s.source, s.confidence, s.role, s.count,
    s.first_seen AS named_first, s.last_seen AS named_last
  FROM incident_entity AS s JOIN entity AS e ON e.id = s.entity_id
  WHERE s.incident_id = $1 ORDER BY e.type COLLATE "C", e.key COLLATE "C"`;

export const createEntities = (db: Queryable): Entities => ({
  find: async ({ keys, type, providerIds }) => {
    const [row] = await rows(db, EntityRow, {
      name: 'find-entity',
      text: FIND,
      values: [keys, type ?? null, providerIds ?? null],
    });
    return row;
  },
  ofIncident: (incidentId) =>
    rows(db, NamedRow, { name: 'entities-of-incident', text: OF_INCIDENT, values: [incidentId] }),
});
