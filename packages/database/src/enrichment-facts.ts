import { EntityType, RelationKind, Severity, Verdict } from '@socmate/contracts';
import { z } from 'zod';
import { createEntities, type NamedEntity } from './entity-lookups.ts';
import { type Queryable, rows } from './pool.ts';

const time = z.date().transform((date) => date.toISOString());

const IncidentRow = z.object({
  number: z.int(),
  severity: Severity,
  tactics: z.array(z.string()),
  techniques: z.array(z.string()),
  labels: z.array(z.string()),
  are_details_read: z.boolean(),
  lacks_entities: z.boolean(),
  /** Whether what it names was read since it last changed. */
  is_read: z.boolean(),
});

const RelationRow = z.object({ from: z.string(), to: z.string(), kind: RelationKind });

const HistoryRow = z
  .object({
    key: z.string(),
    incidents: z.int(),
    first_seen: time,
    last_seen: time,
    classifications: z.array(z.string()).nullable(),
    verdicts: z.array(Verdict).nullable(),
  })
  .transform(({ classifications, verdicts, ...row }) => ({
    ...row,
    classifications: tally(classifications ?? []),
    verdicts: tally(verdicts ?? []) as Partial<Record<Verdict, number>>,
  }));

const RelatedRow = z.object({
  number: z.int(),
  provider: z.string(),
  title: z.string(),
  classification: z.string().nullable(),
  score: z.number(),
  shared: z.array(z.object({ type: EntityType, value: z.string() })),
});

/** Everything stored that an incident's enrichment is made of. */
export interface IncidentFacts extends z.output<typeof IncidentRow> {
  /** By type, then by key. */
  readonly entities: readonly NamedEntity[];
  readonly relations: readonly z.output<typeof RelationRow>[];
  /** Of the entities that other incidents name as well. */
  readonly history: readonly z.output<typeof HistoryRow>[];
  /** By how much they share, and how rare that is. */
  readonly related: readonly z.output<typeof RelatedRow>[];
}

export interface EnrichmentFacts {
  /** Undefined where there is no such incident. */
  load(incidentId: string): Promise<IncidentFacts | undefined>;
  /** Whether alerts and entities were read from Sentinel, or cannot be. */
  areDetailsSettled(incidentId: string): Promise<boolean>;
}

const ALERT_TACTICS = `SELECT jsonb_array_elements_text(CASE WHEN jsonb_typeof(a.raw #> '{properties,tactics}') = 'array'
    THEN a.raw #> '{properties,tactics}' ELSE '[]' END)
  FROM incident_alert AS ia JOIN alert AS a ON a.id = ia.alert_id WHERE ia.incident_id = i.id`;

const INCIDENT = `SELECT i.number, i.severity, i.labels, i.details_synced_at IS NOT NULL AS are_details_read,
    i.entities = '[]' AS lacks_entities, r.read_at IS NOT NULL AND r.due_at IS NULL AS is_read,
    ARRAY (SELECT t FROM (SELECT unnest(i.tactics) AS t UNION ${ALERT_TACTICS}) AS u ORDER BY t COLLATE "C") AS tactics,
    ARRAY (SELECT t FROM (SELECT unnest(i.techniques) AS t UNION SELECT unnest(r.techniques)) AS u
      ORDER BY t COLLATE "C") AS techniques
  FROM incident AS i LEFT JOIN incident_reading AS r ON r.incident_id = i.id WHERE i.id = $1`;

const RELATIONS = `SELECT DISTINCT f.key AS "from", t.key AS "to", r.kind
  FROM relation AS r JOIN entity AS f ON f.id = r.from_id JOIN entity AS t ON t.id = r.to_id
  WHERE r.source_ref = $1 ORDER BY 3, 1, 2`;

/** Of no entity are more incidents looked at: what everything has in common tells nothing. */
const SEEN_MAX = 500;
const RELATED_MAX = 20;
const INCIDENTS_MAX = 10_000;

// Those of the same workspace: who reads the result need not see the others.
const SEEN = `seen AS MATERIALIZED (
    SELECT m.entity_id, o.incident_id, o.first_seen, o.last_seen, o.mentions
    FROM incident AS i JOIN incident_entity AS m ON m.incident_id = i.id
    CROSS JOIN LATERAL (SELECT *, count(*) OVER () AS mentions FROM (
      SELECT incident_id, first_seen, last_seen FROM incident_entity
      WHERE entity_id = m.entity_id AND incident_id <> i.id LIMIT ${SEEN_MAX}) AS capped) AS o
    JOIN incident AS other ON other.id = o.incident_id AND other.provider_id = i.provider_id
      AND other.deleted_in_sentinel_at IS NULL AND other.merged_into IS NULL
    WHERE i.id = $1)`;

const HISTORY = `WITH ${SEEN}
  SELECT e.key, count(*) AS incidents, min(s.first_seen) AS first_seen, max(s.last_seen) AS last_seen,
    array_agg(i.classification) FILTER (WHERE i.classification IS NOT NULL) AS classifications,
    array_agg(r.verdicts ->> e.key) FILTER (WHERE r.verdicts ? e.key) AS verdicts
  FROM seen AS s JOIN entity AS e ON e.id = s.entity_id
  JOIN incident AS i ON i.id = s.incident_id
  LEFT JOIN enrichment AS r ON r.incident_id = s.incident_id
  GROUP BY e.key ORDER BY e.key COLLATE "C"`;

const RELATED = `WITH ${SEEN},
  rarity AS (
    SELECT s.entity_id, ln(greatest((SELECT count(*) FROM (
        SELECT FROM incident WHERE provider_id = (SELECT provider_id FROM incident WHERE id = $1)
        LIMIT ${INCIDENTS_MAX}) AS c), count(*) + 1)
      / (count(*) + 1)::float8) AS weight
    FROM seen AS s GROUP BY s.entity_id HAVING max(s.mentions) < ${SEEN_MAX})
  SELECT i.number, p.name AS provider, i.title, i.classification, round(sum(weight)::numeric, 2)::float8 AS score,
    jsonb_agg(jsonb_build_object('type', e.type, 'value', e.value) ORDER BY e.key COLLATE "C") AS shared
  FROM seen AS s JOIN rarity USING (entity_id)
  JOIN entity AS e ON e.id = s.entity_id AND e.strength = 'strong'
  JOIN incident AS i ON i.id = s.incident_id
  JOIN siem_provider AS p ON p.id = i.provider_id
  GROUP BY i.id, p.id HAVING sum(weight) > 0 ORDER BY score DESC, i.created_at DESC, i.id LIMIT ${RELATED_MAX}`;

// A workspace that cannot be read, or an incident that is gone from it, is not waited for.
const SETTLED = `SELECT FROM incident AS i JOIN siem_provider AS p ON p.id = i.provider_id
  WHERE i.id = $1 AND i.details_synced_at IS NULL AND i.details_due_at <= now() + interval '2 minutes'
    AND p.enabled AND p.deleted_at IS NULL AND p.consecutive_failures = 0 AND i.deleted_in_sentinel_at IS NULL`;

/** How often each is there, in the order of their names. */
function tally(values: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const value of values.toSorted()) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries(counts);
}

export const createEnrichmentFacts = (db: Queryable): EnrichmentFacts => ({
  load: async (incidentId) => {
    const values = [incidentId];
    const [[incident], entities, relations, history, related] = await Promise.all([
      rows(db, IncidentRow, { name: 'enriched-incident', text: INCIDENT, values }),
      createEntities(db).ofIncident(incidentId),
      rows(db, RelationRow, { name: 'relations-of-incident', text: RELATIONS, values }),
      rows(db, HistoryRow, { name: 'history-of-entities', text: HISTORY, values }),
      rows(db, RelatedRow, { name: 'related-by-entities', text: RELATED, values }),
    ]);
    return incident && { ...incident, entities, relations, history, related };
  },
  areDetailsSettled: async (incidentId) => {
    const waiting = await db.query({ name: 'details-are-awaited', text: SETTLED, values: [incidentId] });
    return waiting.rowCount === 0;
  },
});
