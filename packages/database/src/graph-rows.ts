import { EntityStrength, EntityType, RelationKind, Verdict } from '@socmate/contracts';
import { z } from 'zod';
import { type Pool, type Queryable, rows, transaction } from './pool.ts';

/** In milliseconds. */
const time = z.date().transform((at) => at.getTime());

const IncidentRow = z.object({
  id: z.string(),
  number: z.number(),
  provider_id: z.string(),
  provider: z.string(),
  title: z.string(),
  severity: z.string(),
  status: z.string(),
  classification: z.string().nullable(),
  created_at: time,
  techniques: z.array(z.string()),
});

const AlertRow = z.object({
  incident_id: z.string(),
  id: z.string(),
  title: z.string().nullable(),
  severity: z.string().nullable(),
  product: z.string().nullable(),
  provider_id: z.string(),
});

const MentionRow = z.object({
  incident_id: z.string(),
  entity_id: z.number(),
  entity: z.string(),
  role: z.string(),
  first_seen: time,
  last_seen: time,
  count: z.number(),
});

const EntityRow = z.object({
  id: z.number(),
  key: z.string(),
  type: EntityType,
  value: z.string(),
  strength: EntityStrength,
  aliases: z.array(z.string()),
  first_seen: time,
  last_seen: time,
  verdict: Verdict.nullable(),
  risk: z.number().nullable(),
});

const RelationRow = z.object({
  kind: RelationKind,
  from_id: z.number(),
  to_id: z.number(),
  from: z.string(),
  to: z.string(),
  first_seen: time,
  last_seen: time,
  count: z.number(),
  providers: z.array(z.string()),
});

export interface GraphRows {
  readonly incidents: readonly z.output<typeof IncidentRow>[];
  readonly alerts: readonly z.output<typeof AlertRow>[];
  readonly mentions: readonly z.output<typeof MentionRow>[];
  readonly entities: readonly z.output<typeof EntityRow>[];
  readonly relations: readonly z.output<typeof RelationRow>[];
}

/** Names what is to be read; entities that the incidents name are read with them. */
export interface GraphRefs {
  readonly incidentIds: readonly string[];
  readonly entityIds: readonly number[];
}

export interface GraphSource {
  /** Everything as it was at one moment. */
  read(refs: GraphRefs): Promise<GraphRows>;
  /** How many mentions each incident has. */
  mentionCounts(incidentIds: readonly string[]): Promise<Map<string, number>>;
  /** Of these keys, those that entities have as their own. */
  ownKeys(keys: readonly string[]): Promise<Map<string, number>>;
  /** The ids of incidents that come after one, in the order of ids; all of them page by page. */
  incidentsAfter(id: string, limit: number): Promise<string[]>;
  entitiesAfter(id: number, limit: number): Promise<number[]>;
}

const INCIDENTS = `SELECT i.id, i.number, i.provider_id, p.name AS provider, i.title, i.severity, i.status, i.classification,
    i.created_at, COALESCE(r.techniques, '{}') AS techniques
  FROM incident AS i JOIN siem_provider AS p ON p.id = i.provider_id
  LEFT JOIN incident_reading AS r ON r.incident_id = i.id WHERE i.id = ANY ($1)`;

const ALERTS = `SELECT ia.incident_id, a.id, a.provider_id, a.raw -> 'properties' ->> 'alertDisplayName' AS title,
    lower(a.raw -> 'properties' ->> 'severity') AS severity, a.raw -> 'properties' ->> 'productName' AS product
  FROM incident_alert AS ia JOIN alert AS a ON a.id = ia.alert_id WHERE ia.incident_id = ANY ($1)`;

const MENTIONS = `SELECT m.incident_id, m.entity_id, e.key AS entity, m.role, m.first_seen, m.last_seen, m.count
  FROM incident_entity AS m JOIN entity AS e ON e.id = m.entity_id WHERE m.incident_id = ANY ($1)`;

const RELATIONS = `WITH pair AS MATERIALIZED (
    SELECT DISTINCT kind, from_id, to_id FROM relation WHERE source_ref = ANY ($1))
  SELECT r.kind, r.from_id, r.to_id, f.key AS from, t.key AS to, min(r.first_seen) AS first_seen, max(r.last_seen) AS last_seen,
    sum(r.count)::bigint AS count, COALESCE(array_agg(DISTINCT i.provider_id) FILTER (WHERE i.id IS NOT NULL), '{}') AS providers
  FROM pair JOIN relation AS r USING (kind, from_id, to_id)
  JOIN entity AS f ON f.id = r.from_id JOIN entity AS t ON t.id = r.to_id
  LEFT JOIN incident AS i ON i.id = r.source_ref
  GROUP BY r.kind, r.from_id, r.to_id, f.key, t.key`;

/** A node shows no more names than this; all of them are in `entity_alias`. */
const ALIASES_MAX = 20;

const ENTITIES = `SELECT e.id, e.key, e.type, e.value, e.strength, e.first_seen, e.last_seen, e.verdict, e.risk,
    ARRAY(SELECT a.alias FROM entity_alias AS a WHERE a.entity_id = e.id ORDER BY a.alias COLLATE "C" LIMIT ${ALIASES_MAX}) AS aliases
  FROM entity AS e WHERE e.id = ANY ($1::bigint[])`;

async function readRows(db: Queryable, { incidentIds, entityIds }: GraphRefs): Promise<GraphRows> {
  await db.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const values = [incidentIds];
  const incidents = await rows(db, IncidentRow, { name: 'graph-incidents', text: INCIDENTS, values });
  const alerts = await rows(db, AlertRow, { name: 'graph-alerts', text: ALERTS, values });
  const mentions = await rows(db, MentionRow, { name: 'graph-mentions', text: MENTIONS, values });
  const relations = await rows(db, RelationRow, { name: 'graph-relations', text: RELATIONS, values });
  const ids = new Set(entityIds);
  for (const { entity_id } of mentions) ids.add(entity_id);
  for (const { from_id, to_id } of relations) ids.add(from_id).add(to_id);
  const entities = await rows(db, EntityRow, { name: 'graph-entities', text: ENTITIES, values: [[...ids]] });
  return { incidents, alerts, mentions, entities, relations };
}

const CountRow = z.object({ id: z.string(), count: z.number() });
const COUNTS =
  'SELECT incident_id AS id, count(*) AS count FROM incident_entity WHERE incident_id = ANY ($1) GROUP BY 1';

const KeyRow = z.object({ id: z.number(), key: z.string() });
const OWN_KEYS = 'SELECT id, key FROM entity WHERE key = ANY ($1)';

const INCIDENTS_AFTER = 'SELECT id FROM incident WHERE id > $1 ORDER BY id LIMIT $2';
const ENTITIES_AFTER = 'SELECT id FROM entity WHERE id > $1 ORDER BY id LIMIT $2';

/** The rows that the graph shows. */
export const createGraphSource = (pool: Pool): GraphSource => ({
  read: (refs) => transaction(pool, (db) => readRows(db, refs)),
  mentionCounts: async (incidentIds) => {
    const found = await rows(pool, CountRow, { text: COUNTS, values: [incidentIds] });
    return new Map(found.map(({ id, count }) => [id, count]));
  },
  ownKeys: async (keys) => {
    const found = await rows(pool, KeyRow, { text: OWN_KEYS, values: [keys] });
    return new Map(found.map(({ id, key }) => [key, id]));
  },
  incidentsAfter: async (id, limit) =>
    (await rows(pool, z.object({ id: z.string() }), { text: INCIDENTS_AFTER, values: [id, limit] })).map(
      (row) => row.id,
    ),
  entitiesAfter: async (id, limit) =>
    (await rows(pool, z.object({ id: z.number() }), { text: ENTITIES_AFTER, values: [id, limit] })).map(
      (row) => row.id,
    ),
});
