import { type Queryable, run } from './pool.ts';

/** A row that turns out to be the same entity as another, and goes into it. */
export interface EntityMerge {
  readonly loser: number;
  readonly survivor: number;
}

const rankOf = (row: string): string => `array_position('{sentinel,alert,text}'::text[], ${row}.source)`;

/** For an INSERT into `incident_entity AS s`: of two sightings the one that holds what either does. */
export const JOIN_SIGHTING = `ON CONFLICT (incident_id, entity_id) DO UPDATE SET
    source = CASE WHEN ${rankOf('excluded')} < ${rankOf('s')} THEN excluded.source ELSE s.source END,
    confidence = greatest(s.confidence, excluded.confidence), first_seen = least(s.first_seen, excluded.first_seen),
    last_seen = greatest(s.last_seen, excluded.last_seen), count = greatest(s.count, excluded.count)
  WHERE ${rankOf('excluded')} < ${rankOf('s')} OR excluded.confidence > s.confidence
    OR excluded.first_seen < s.first_seen OR excluded.last_seen > s.last_seen OR excluded.count > s.count`;

/** For an INSERT into `relation AS r`, the same. */
export const JOIN_RELATION = `ON CONFLICT (kind, from_id, to_id, source_ref) DO UPDATE SET
    first_seen = least(r.first_seen, excluded.first_seen), last_seen = greatest(r.last_seen, excluded.last_seen),
    count = greatest(r.count, excluded.count)
  WHERE excluded.first_seen < r.first_seen OR excluded.last_seen > r.last_seen OR excluded.count > r.count`;

const GIVEN = 'unnest($1::bigint[], $2::bigint[]) AS m (loser, survivor)';

const MOVE_SIGHTINGS = `INSERT INTO incident_entity AS s
    (incident_id, entity_id, source, confidence, role, first_seen, last_seen, count)
  SELECT incident_id, survivor, ('{sentinel,alert,text}'::text[])[min(${rankOf('i')})], max(confidence), max(role),
    min(first_seen), max(last_seen), max(count)
  FROM ${GIVEN} JOIN incident_entity AS i ON i.entity_id = m.loser
  GROUP BY incident_id, survivor ${JOIN_SIGHTING}`;

// What related one to the other relates it to itself, and goes with the loser.
const MOVE_RELATIONS = `WITH merged AS (SELECT * FROM ${GIVEN}),
  touched AS (
    SELECT r.* FROM merged JOIN relation AS r ON r.from_id = merged.loser
    UNION SELECT r.* FROM merged JOIN relation AS r ON r.to_id = merged.loser),
  moved AS (
    SELECT t.kind, coalesce(f.survivor, t.from_id) AS from_id, coalesce(o.survivor, t.to_id) AS to_id, t.source_ref,
      t.first_seen, t.last_seen, t.count
    FROM touched AS t LEFT JOIN merged AS f ON f.loser = t.from_id LEFT JOIN merged AS o ON o.loser = t.to_id)
  INSERT INTO relation AS r (kind, from_id, to_id, source_ref, first_seen, last_seen, count)
  SELECT kind, from_id, to_id, source_ref, min(first_seen), max(last_seen), max(count)
  FROM moved WHERE from_id <> to_id GROUP BY kind, from_id, to_id, source_ref ${JOIN_RELATION}`;

const MOVE_WEAK_ALIASES = `INSERT INTO entity_alias (alias, entity_id, is_strong)
  SELECT DISTINCT a.alias, m.survivor, false
  FROM ${GIVEN} JOIN entity_alias AS a ON a.entity_id = m.loser AND NOT a.is_strong
  ON CONFLICT (alias, entity_id) DO NOTHING`;

const MOVE_STRONG_ALIASES = `UPDATE entity_alias AS a SET entity_id = m.survivor
  FROM ${GIVEN} WHERE a.entity_id = m.loser AND a.is_strong`;

// From worst to best, and what nobody judged last.
const VERDICTS = `'{malicious,suspicious,benign,unknown}'::text[]`;

const JUDGE = `UPDATE entity AS e SET risk = judged.risk, verdict = (${VERDICTS})[judged.verdict]
  FROM (
    SELECT m.survivor, max(x.risk) AS risk, min(array_position(${VERDICTS}, x.verdict)) AS verdict
    FROM ${GIVEN} JOIN entity AS x ON x.id IN (m.loser, m.survivor) GROUP BY m.survivor) AS judged
  WHERE e.id = judged.survivor`;

const REMOVE = 'DELETE FROM entity WHERE id = ANY ($1)';

/** In the caller's transaction, in which nobody else stores entities: everything of the losers, and then they go. */
export async function mergeRows(db: Queryable, merges: readonly EntityMerge[]): Promise<void> {
  if (merges.length === 0) return;
  const values = [merges.map(({ loser }) => loser), merges.map(({ survivor }) => survivor)];
  const steps = [JUDGE, MOVE_SIGHTINGS, MOVE_RELATIONS, MOVE_WEAK_ALIASES, MOVE_STRONG_ALIASES];
  for (const text of steps) await run(db, { text, values });
  await run(db, { text: REMOVE, values: [values[0]] });
}
