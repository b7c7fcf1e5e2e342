/**
 * A part of a statement that makes the entities of incidents due to be read, in the transaction that changes these;
 * `ids` selects them. Rows are locked in the order in which readers lock them.
 */
export const readAgain = (ids: string): string => `read_again AS (
    INSERT INTO incident_reading AS r (incident_id, due_at)
    SELECT id, now() FROM (${ids}) AS changed ORDER BY id COLLATE "C"
    ON CONFLICT (incident_id) DO UPDATE SET due_at = excluded.due_at, version = r.version + 1)`;
