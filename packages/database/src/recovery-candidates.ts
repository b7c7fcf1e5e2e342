import type { RecoveryMode } from '@socmate/contracts';

// A storm's event is for the one endpoint that it was held back from, a ping for the one that was tested.
const SUBSCRIBED = `e.type = ANY (w.event_types) AND e.cause_key NOT LIKE 'storm:%'
  AND NOT EXISTS (SELECT FROM held_back AS h WHERE h.event_id = e.id AND h.endpoint_id = r.endpoint_id)`;

const EVENTS = `FROM event AS e
    JOIN webhook_endpoint AS w ON w.id = r.endpoint_id
    LEFT JOIN delivery AS d ON d.event_id = e.id AND d.endpoint_id = r.endpoint_id
  WHERE (e.created_at, e.id) > (r.cursor_at, r.cursor_id) AND e.created_at < r.until_at`;

const EVENT = 'e.id AS cursor_id, e.created_at AS at, e.id AS event_id, d.id AS delivery_id';

const FOUND: Readonly<Record<RecoveryMode, string>> = {
  missed: `SELECT ${EVENT} ${EVENTS} AND d.id IS NULL AND ${SUBSCRIBED}
    AND EXISTS (SELECT FROM endpoint_gap AS g WHERE g.endpoint_id = r.endpoint_id
      AND e.created_at >= g.from_at - interval '5 minutes'
      AND (g.until_at IS NULL OR e.created_at < g.until_at + interval '5 minutes'))`,
  since: `SELECT ${EVENT} ${EVENTS} AND e.type <> 'ping'
    AND CASE WHEN d.id IS NULL THEN ${SUBSCRIBED} ELSE d.status IN ('succeeded', 'dead') END`,
  dead: `SELECT d.id AS cursor_id, d.created_at AS at, d.event_id, d.id AS delivery_id FROM delivery AS d
    WHERE d.endpoint_id = r.endpoint_id AND d.status = 'dead' AND (d.completed_at IS NULL OR d.completed_at < r.until_at)
      AND (d.created_at, d.id) > (r.cursor_at, r.cursor_id)`,
};

/** SQL: the rows that a recovery `r` has yet to look at; what the endpoint's filters say is not asked here. */
export const candidates = (mode: RecoveryMode): string => `(${FOUND[mode]}) AS found`;
