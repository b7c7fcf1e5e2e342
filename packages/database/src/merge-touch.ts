import { type Queryable, run } from './pool.ts';

/** An incident that became part of another one, or left it. */
export interface MergeChange {
  readonly number: number;
  readonly before: number | null;
  readonly after: number | null;
}

// Locked in the order in which pages and details lock incidents. What is part of a changed incident follows it, and
// what it was or is part of, up to the end, holds other ones. UNION ends circles.
const TOUCH = `WITH RECURSIVE source (number) AS (
    SELECT unnest($2::bigint[])
    UNION SELECT i.number FROM source JOIN incident AS i ON i.provider_id = $1 AND i.merged_into = source.number),
  target (number) AS (
    SELECT unnest($3::bigint[])
    UNION SELECT i.merged_into FROM target
      JOIN incident AS i ON i.provider_id = $1 AND i.number = target.number AND i.merged_into IS NOT NULL),
  shown AS (
    SELECT id FROM incident WHERE provider_id = $1 AND change_seq <> pg_current_xact_id()
      AND number IN (SELECT number FROM source UNION SELECT number FROM target)
    ORDER BY sentinel_name FOR UPDATE)
  UPDATE incident SET change_seq = pg_current_xact_id(), synced_at = now()
  FROM shown WHERE incident.id = shown.id`;

/** Lets those who read changes see every incident that shows a merge of others, in the caller's transaction. */
export async function touchMerged(
  db: Queryable,
  providerId: string,
  merges: readonly MergeChange[],
): Promise<void> {
  if (merges.length === 0) return;
  const numbers = merges.map(({ number }) => number);
  const targets = merges.flatMap(({ before, after }) => [before, after]).filter((number) => number !== null);
  await run(db, { name: 'touch-merged', text: TOUCH, values: [providerId, numbers, targets] });
}
