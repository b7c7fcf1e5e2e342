import { type IncidentAlert, renderEvent } from '@socmate/contracts';
import { z } from 'zod';
import type { Making } from './event-publishing.ts';
import { type Pool, type Queryable, rows, run, transaction } from './pool.ts';

const WINDOW = `interval '5 minutes'`;
const MAX_CLOSED = 100;

/** An alert for an endpoint that counts the alerts of a rule. */
export interface StormCandidate {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly endpointId: string;
  readonly rule: string;
  readonly threshold: number;
}

// An event that was published before has no row under its new id: it is not counted again. A transaction may have begun
// before the one that began the window in which it is counted: what it holds back is of that window all the same.
const COUNT = `WITH candidate AS (
    SELECT c.*, row_number() OVER (PARTITION BY c.endpoint_id, c.rule ORDER BY c.place) AS nth
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[]) WITH ORDINALITY
      AS c (delivery_id, event_id, endpoint_id, rule, threshold, place)
    JOIN event ON event.id = c.event_id),
  grouped AS (SELECT endpoint_id, rule, count(*)::integer AS added FROM candidate GROUP BY endpoint_id, rule),
  counted AS (
    INSERT INTO alert_storm AS s (endpoint_id, rule, started_at, seen)
    SELECT endpoint_id, rule, now(), added FROM grouped ORDER BY endpoint_id, rule
    ON CONFLICT (endpoint_id, rule) DO UPDATE SET
      started_at = CASE WHEN s.started_at > now() - ${WINDOW} THEN s.started_at ELSE now() END,
      seen = CASE WHEN s.started_at > now() - ${WINDOW} THEN s.seen ELSE 0 END + excluded.seen
    RETURNING endpoint_id, rule, seen, started_at),
  judged AS (
    SELECT candidate.*, started_at, counted.seen - grouped.added + candidate.nth > candidate.threshold AS is_held
    FROM candidate JOIN grouped USING (endpoint_id, rule) JOIN counted USING (endpoint_id, rule)),
  held AS (
    INSERT INTO held_back (event_id, endpoint_id, reason, rule, created_at)
    SELECT event_id, endpoint_id, 'storm', rule, greatest(now(), started_at) FROM judged WHERE is_held)
  INSERT INTO delivery (id, event_id, endpoint_id)
  SELECT delivery_id, event_id, endpoint_id FROM judged WHERE NOT is_held
  RETURNING endpoint_id`;

const EndpointId = z.object({ endpoint_id: z.string() });

/** Delivers what its storm's threshold lets through and holds the rest back; answers whom deliveries were made for. */
export async function countStorms(
  db: Queryable,
  making: Making,
  candidates: readonly StormCandidate[],
): Promise<string[]> {
  const made = await rows(db, EndpointId, {
    name: 'count-storms',
    text: COUNT,
    values: [
      candidates.map(({ deliveryId }) => deliveryId),
      candidates.map(({ eventId }) => eventId),
      candidates.map(({ endpointId }) => endpointId),
      candidates.map(({ rule }) => rule),
      candidates.map(({ threshold }) => threshold),
    ],
  });
  const told = await tellRestarted(db, making, candidates);
  return [...told, ...made.map((row) => row.endpoint_id)];
}

// The deletion takes the row's lock: what is being counted meanwhile waits, and begins a new window.
const ENDED = `DELETE FROM alert_storm WHERE (endpoint_id, rule) IN (
    SELECT endpoint_id, rule FROM alert_storm WHERE started_at <= now() - ${WINDOW}
    ORDER BY endpoint_id, rule LIMIT ${MAX_CLOSED} FOR UPDATE SKIP LOCKED)
  RETURNING endpoint_id, rule, started_at`;

// Its rows are locked by the count before it. What is held back in the new window comes later.
const RESTARTED = `SELECT endpoint_id, rule, started_at FROM alert_storm AS s
  WHERE (endpoint_id, rule) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND EXISTS (
    SELECT FROM held_back AS h WHERE h.endpoint_id = s.endpoint_id AND h.rule = s.rule AND h.reason = 'storm'
      AND h.summary_event_id IS NULL AND h.created_at < s.started_at)`;
const EndedRow = z.object({ endpoint_id: z.string(), rule: z.string(), started_at: z.date() });

const UNTOLD = `SELECT h.event_id, e.body, e.provider_id, count(*) OVER () AS suppressed
  FROM held_back AS h JOIN event AS e ON e.id = h.event_id JOIN webhook_endpoint AS w ON w.id = h.endpoint_id
  WHERE h.endpoint_id = $1 AND h.rule = $2 AND h.reason = 'storm' AND h.summary_event_id IS NULL
    AND h.created_at < COALESCE($3::timestamptz, 'infinity') AND w.deleted_at IS NULL
  ORDER BY h.created_at DESC, h.event_id DESC LIMIT 1`;
const UntoldRow = z.object({
  event_id: z.string(),
  body: z.instanceof(Buffer),
  provider_id: z.string().nullable(),
  suppressed: z.int(),
});

const TELL = `WITH told AS (
    UPDATE held_back SET summary_event_id = $1
    WHERE endpoint_id = $2 AND rule = $3 AND reason = 'storm' AND summary_event_id IS NULL
      AND created_at < COALESCE($8::timestamptz, 'infinity')),
  inserted AS (
    INSERT INTO event (id, type, cause_key, provider_id, body) VALUES ($1, 'incident-alert', $4, $5, $6))
  INSERT INTO delivery (id, event_id, endpoint_id) VALUES ($7, $1, $2)`;

interface Untold {
  readonly endpointId: string;
  readonly rule: string;
  /** What was held back later belongs to a window that is not over. */
  readonly before: Date | null;
}

/** The endpoint is held from deletion as it is while events are published. */
const HOLD = 'SELECT FROM webhook_endpoint WHERE id = $1 FOR KEY SHARE';

async function tell(
  db: Queryable,
  { ids, clock }: Making,
  { endpointId, rule, before }: Untold,
): Promise<boolean> {
  await run(db, { text: HOLD, values: [endpointId] });
  const [last] = await rows(db, UntoldRow, { text: UNTOLD, values: [endpointId, rule, before] });
  if (!last) return false;
  const { data } = JSON.parse(last.body.toString()) as { data: IncidentAlert };
  const id = ids.next('evt');
  const body = renderEvent({
    id,
    type: 'incident-alert',
    timestamp: clock.now(),
    data: { ...data, suppressed_count: last.suppressed },
  });
  const causeKey = `storm:${endpointId}:${last.event_id}`;
  await run(db, {
    text: TELL,
    values: [id, endpointId, rule, causeKey, last.provider_id, body, ids.next('dlv'), before],
  });
  return true;
}

/** A storm that goes on is told window by window: whoever begins the next one tells what the last one held back. */
async function tellRestarted(
  db: Queryable,
  making: Making,
  candidates: readonly StormCandidate[],
): Promise<string[]> {
  const values = [candidates.map(({ endpointId }) => endpointId), candidates.map(({ rule }) => rule)];
  const restarted = await rows(db, EndedRow, { name: 'restarted-storms', text: RESTARTED, values });
  return tellAll(db, making, restarted, { isRunning: true });
}

async function tellAll(
  db: Queryable,
  making: Making,
  storms: readonly z.output<typeof EndedRow>[],
  { isRunning }: { isRunning: boolean },
): Promise<string[]> {
  const woken = new Set<string>();
  for (const { endpoint_id: endpointId, rule, started_at } of storms) {
    const before = isRunning ? started_at : null;
    if (await tell(db, making, { endpointId, rule, before })) woken.add(endpointId);
  }
  return [...woken];
}

/**
 * Ends the storms whose five minutes are over: of each that held alerts back, one event, the last of these with
 * `suppressed_count`, goes to its endpoint. Answers the endpoints to wake. Replicas share the work.
 */
export async function endStorms(pool: Pool, making: Making): Promise<string[]> {
  return transaction(pool, async (db) => {
    const ended = await rows(db, EndedRow, { name: 'end-storms', text: ENDED });
    return tellAll(db, making, ended, { isRunning: false });
  });
}
