import { z } from 'zod';
import { type Queryable, rows, run, type Statement } from './pool.ts';

const BATCH_ROWS = 1_000;
const MAX_BATCHES = 500;

const EXPIRED = `now() - make_interval(days => $2)`;

// The array makes the planner go by the primary key, whatever it thinks that the batch holds.
const deleteBatch = (table: string, condition: string): string => `WITH gone AS (
    DELETE FROM ${table} WHERE id = ANY (ARRAY(
      SELECT id FROM ${table} WHERE created_at >= $1::timestamptz AND created_at < ${EXPIRED} AND ${condition}
      ORDER BY created_at, id LIMIT $3 FOR UPDATE SKIP LOCKED))
    RETURNING created_at)
  SELECT count(*)::int AS deleted, max(created_at)::text AS reached FROM gone`;

const DELIVERIES = {
  name: 'delete-expired-deliveries',
  text: deleteBatch('delivery', `status <> 'pending' AND coalesce(completed_at, created_at) < ${EXPIRED}`),
};
// NOT EXISTS would be planned as a join with every delivery there is.
const HAS_DELIVERY = `coalesce((SELECT true FROM delivery WHERE delivery.event_id = event.id LIMIT 1), false)`;
const EVENTS = { name: 'delete-expired-events', text: deleteBatch('event', `NOT ${HAS_DELIVERY}`) };

const expiredBy = (column: string): string => `${column} < now() - make_interval(days => $1)`;
// Few rows: one for each recovery that somebody asked for, and for each time that an endpoint was disabled.
const RECOVERIES = `DELETE FROM recovery WHERE status <> 'running' AND ${expiredBy('completed_at')}`;
// No event is as old as that any more, so no endpoint can be said to have missed one.
const GAPS = `DELETE FROM endpoint_gap WHERE ${expiredBy('until_at')}`;

const Batch = z.object({ deleted: z.int(), reached: z.string().nullable() });

export interface EventRetention {
  readonly retentionDays: number;
  /** Ends the work after the batch that is running. */
  readonly signal?: AbortSignal;
  /** The most rows that one statement deletes. */
  readonly batchRows?: number;
  /** The most statements for each of the two tables: what is left waits for the next run. */
  readonly maxBatches?: number;
}

export interface ExpiredEvents {
  readonly deliveries: number;
  readonly events: number;
}

/**
 * Deletes deliveries that ended longer ago than the retention, by Postgres's clock, then events as old that have no
 * delivery left; what is pending stays, whatever its age. Recoveries that ended before, and what they could look for,
 * go as well. Runs at the same time share the work.
 */
export async function deleteExpiredEvents(db: Queryable, retention: EventRetention): Promise<ExpiredEvents> {
  const deliveries = await deleteInBatches(db, DELIVERIES, retention);
  const events = await deleteInBatches(db, EVENTS, retention);
  for (const text of [RECOVERIES, GAPS]) await run(db, { text, values: [retention.retentionDays] });
  return { deliveries, events };
}

async function deleteInBatches(
  db: Queryable,
  statement: Statement,
  { retentionDays, signal, batchRows = BATCH_ROWS, maxBatches = MAX_BATCHES }: EventRetention,
): Promise<number> {
  let total = 0;
  // Each batch goes on where the last one ended: old rows that stay are read once a run.
  let from = '-infinity';
  for (let batch = 0; batch < maxBatches; batch += 1) {
    if (signal?.aborted) break;
    const [row] = await rows(db, Batch, { ...statement, values: [from, retentionDays, batchRows] });
    total += row?.deleted ?? 0;
    if (!row?.reached || row.deleted < batchRows) break;
    from = row.reached;
  }
  return total;
}
