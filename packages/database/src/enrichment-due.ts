import { type Queryable, run } from './pool.ts';

/** How long the entities of an incident are waited for before it is enriched without them. */
const DETAILS_PATIENCE_S = 60;

const GROWN = `EXISTS (SELECT FROM incident_entity AS s JOIN entity AS n ON n.id = s.entity_id
    WHERE s.incident_id = e.incident_id AND NOT e.verdicts ? n.key)`;

const ROSE = `array_position('{medium,high}'::text[], e.auto_done_severity)
    < array_position('{medium,high}'::text[], excluded.auto_done_severity)`;

// Those that alert people: open, severe enough, and not from before their workspace was connected.
const MAKE_DUE = `INSERT INTO enrichment AS e (incident_id, due_at, auto_done_severity)
  SELECT i.id, now() + CASE WHEN i.details_synced_at IS NULL THEN interval '${DETAILS_PATIENCE_S} seconds' ELSE '0' END, i.severity
  FROM incident AS i JOIN siem_provider AS p ON p.id = i.provider_id
  WHERE i.id = ANY ($1) AND i.severity IN ('medium', 'high') AND i.status <> 'closed' AND i.merged_into IS NULL
    AND i.deleted_in_sentinel_at IS NULL AND (p.alert_backlog OR i.created_at >= p.connected_at)
  ORDER BY i.id COLLATE "C"
  ON CONFLICT (incident_id) DO UPDATE SET auto_done_severity = excluded.auto_done_severity,
    is_stale = e.status = 'running',
    due_at = CASE WHEN e.status = 'running' THEN e.due_at ELSE least(e.due_at, excluded.due_at) END
  WHERE e.auto_done_severity IS NULL OR e.version = 0 OR ${ROSE} OR ${GROWN}`;

/**
 * Of incidents whose entities were just read, in that transaction, those are to be enriched that are new, that rose,
 * or that name more than their last result does.
 */
export async function makeEnrichmentsDue(db: Queryable, incidentIds: readonly string[]): Promise<void> {
  await run(db, { name: 'make-enrichments-due', text: MAKE_DUE, values: [incidentIds] });
}
