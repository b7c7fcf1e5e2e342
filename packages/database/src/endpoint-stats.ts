import type { EndpointStats } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';

const SAMPLE_MAX = 1_000;
const BACKLOG_MAX = 10_000;

const time = z.date().transform((date) => date.toISOString());
const StatsRow = z.object({
  deliveries: z.int(),
  succeeded: z.int(),
  dead: z.int(),
  attempts: z.int(),
  success_rate: z.number().nullable(),
  latency_p50_ms: z.int().nullable(),
  latency_p95_ms: z.int().nullable(),
  backlog: z.int(),
  oldest_pending_at: time.nullable(),
});

// What waits is read by the indexes of what is due and of what is leased: no row that has ended is looked at.
const STATS = `WITH sample AS (
    SELECT id, status, created_at FROM delivery
    WHERE endpoint_id = $1 AND created_at >= $2 ORDER BY created_at DESC, id DESC LIMIT ${SAMPLE_MAX}),
  made AS (
    SELECT a.outcome = 'success' AS is_success, a.duration_ms
    FROM sample AS s CROSS JOIN LATERAL (
      SELECT outcome, duration_ms FROM delivery_attempt
      WHERE delivery_id = s.id AND started_at >= $2::timestamptz - interval '1 hour') AS a),
  waiting AS (
    (SELECT oldest.created_at FROM (VALUES (false), (true)) AS kind (is_retry) CROSS JOIN LATERAL (
      SELECT created_at FROM delivery
      WHERE endpoint_id = $1 AND (attempts_count > 0) = kind.is_retry AND status = 'pending' AND lease_owner IS NULL
      ORDER BY due_at LIMIT ${BACKLOG_MAX}) AS oldest)
    UNION ALL
    (SELECT created_at FROM delivery WHERE endpoint_id = $1 AND status = 'pending' AND lease_owner IS NOT NULL
      LIMIT ${BACKLOG_MAX}))
  SELECT delivered.*, tried.*, least(backlog.backlog, ${BACKLOG_MAX})::int AS backlog, backlog.oldest_pending_at
  FROM (SELECT count(*)::int AS deliveries, (count(*) FILTER (WHERE status = 'succeeded'))::int AS succeeded,
      (count(*) FILTER (WHERE status = 'dead'))::int AS dead FROM sample) AS delivered,
    (SELECT count(*)::int AS attempts, avg(is_success::int)::float8 AS success_rate,
      round(percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE is_success))::int AS latency_p50_ms,
      round(percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE is_success))::int AS latency_p95_ms
      FROM made) AS tried,
    (SELECT count(*) AS backlog, min(created_at) AS oldest_pending_at FROM waiting) AS backlog`;

/** How an endpoint does, of its newest deliveries since a time: the cost does not grow with its history. */
export async function endpointStats(db: Queryable, endpointId: string, since: Date): Promise<EndpointStats> {
  const [row] = await rows(db, StatsRow, {
    name: 'endpoint-stats',
    text: STATS,
    values: [endpointId, since],
  });
  if (!row) throw new Error('the statistics answered no row');
  return { endpoint_id: endpointId, since: since.toISOString(), ...row };
}
