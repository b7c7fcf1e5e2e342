import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

export const AttemptOutcome = z.enum([
  'success',
  'http_error',
  'timeout',
  'dns_error',
  'connection_error',
  'tls_error',
  'blocked_target',
  'response_error',
  'internal',
]);
export type AttemptOutcome = z.output<typeof AttemptOutcome>;

/** One attempt that was made, and what follows from it. */
export interface SettledAttempt {
  readonly deliveryId: string;
  readonly endpointId: string;
  /** The claim under which it was made. */
  readonly lease: string;
  /** From 1. */
  readonly number: number;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly outcome: AttemptOutcome;
  readonly statusCode: number | null;
  readonly requestHeaders: Record<string, string>;
  readonly responseHeaders: Record<string, string> | null;
  readonly responseBody: string | null;
  readonly next:
    | { readonly status: 'succeeded' | 'dead' }
    | { readonly status: 'pending'; readonly delayMs: number };
}

export interface ReturnedDelivery {
  readonly deliveryId: string;
  readonly lease: string;
  readonly delayMs: number;
}

/** How an endpoint stands after a batch, where it failed in it or recovered by it. */
export interface EndpointTurn {
  readonly endpointId: string;
  readonly isOpen: boolean;
}

/** When an endpoint's breaker opens, and for how long at first; every failed probe doubles that, up to twentyfold. */
export interface BreakerPolicy {
  readonly failures: number;
  readonly openMs: number;
}

export const DEFAULT_BREAKER: BreakerPolicy = { failures: 5, openMs: 30_000 };
const MAX_OPEN_FOLD = 20;

// A batch whose answer was lost is settled again: the claim and the count fence off its second run, and the attempt
// is known. An endpoint's health is locked in one order, so that two senders' batches do not wait for each other.
const SETTLE = `WITH attempt AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[], $6::integer[], $7::text[],
      $8::integer[], $9::jsonb[], $10::jsonb[], $11::text[], $12::text[], $13::double precision[])
    AS a (lease, delivery_id, endpoint_id, number, started_at, duration_ms, outcome, status_code,
      request_headers, response_headers, response_body, status, delay_ms)),
  settled AS (
    UPDATE delivery AS d SET
      status = CASE WHEN d.status = 'pending' THEN a.status ELSE d.status END,
      attempts_count = a.number,
      lease_owner = NULL,
      due_at = CASE WHEN a.status = 'pending' THEN now() + a.delay_ms * interval '1 millisecond' ELSE d.due_at END,
      completed_at = CASE WHEN d.status = 'pending' AND a.status <> 'pending' THEN now() ELSE d.completed_at END
    FROM attempt AS a
    WHERE d.id = a.delivery_id AND d.lease_owner = a.lease AND d.attempts_count = a.number - 1
    RETURNING d.endpoint_id),
  stored AS (
    INSERT INTO delivery_attempt (delivery_id, number, started_at, duration_ms, outcome, status_code,
      request_headers, response_headers, response_body)
    SELECT delivery_id, number, started_at, duration_ms, outcome, status_code,
      request_headers, response_headers, response_body
    FROM attempt
    ON CONFLICT DO NOTHING),
  answered AS (
    SELECT * FROM unnest($14::text[], $15::integer[], $16::boolean[]) AS e (endpoint_id, failures, has_succeeded)
    WHERE endpoint_id IN (SELECT endpoint_id FROM settled)),
  known AS (
    SELECT * FROM endpoint_health WHERE endpoint_id IN (SELECT endpoint_id FROM answered) ORDER BY endpoint_id FOR UPDATE),
  judged AS (
    SELECT known.endpoint_id, answered.has_succeeded, is_open, is_reopened,
      CASE WHEN has_succeeded THEN answered.failures ELSE known.failures + answered.failures END AS failures,
      CASE WHEN is_reopened THEN least(known.open_ms * 2, $18 * ${MAX_OPEN_FOLD}) WHEN is_open THEN known.open_ms
        ELSE $18 END AS open_ms, known.open_until
    FROM known JOIN answered USING (endpoint_id)
    CROSS JOIN LATERAL (SELECT NOT has_succeeded AND known.open_until IS NOT NULL AS is_open) AS before
    CROSS JOIN LATERAL (SELECT is_open AND EXISTS (
      SELECT FROM attempt AS a WHERE a.endpoint_id = known.endpoint_id AND a.lease = known.probe_lease) AS is_reopened) AS probed
    WHERE answered.failures > 0),
  recovered AS (
    DELETE FROM endpoint_health AS h USING known JOIN answered USING (endpoint_id)
    WHERE h.endpoint_id = known.endpoint_id AND answered.failures = 0
    RETURNING h.endpoint_id, false AS is_open),
  failing AS (
    UPDATE endpoint_health AS h SET
      failures = j.failures,
      failing_since = CASE WHEN j.has_succeeded THEN now() ELSE h.failing_since END,
      noticed_percent = CASE WHEN j.has_succeeded THEN 0 ELSE h.noticed_percent END,
      last_failure_at = now(),
      open_ms = CASE WHEN j.is_open OR j.failures >= $17 THEN j.open_ms END,
      open_until = CASE WHEN j.is_open AND NOT j.is_reopened THEN j.open_until
        WHEN j.is_open OR j.failures >= $17 THEN now() + j.open_ms * interval '1 millisecond' END,
      probe_lease = CASE WHEN j.is_open AND NOT j.is_reopened THEN h.probe_lease END
    FROM judged AS j WHERE h.endpoint_id = j.endpoint_id
    RETURNING h.endpoint_id, h.open_until IS NOT NULL AS is_open),
  fallen AS (
    INSERT INTO endpoint_health (endpoint_id, failures, open_ms, open_until)
    SELECT endpoint_id, failures, CASE WHEN failures >= $17 THEN $18::integer END,
      CASE WHEN failures >= $17 THEN now() + $18 * interval '1 millisecond' END
    FROM answered WHERE failures > 0 AND NOT EXISTS (SELECT FROM known WHERE known.endpoint_id = answered.endpoint_id)
    ON CONFLICT DO NOTHING
    RETURNING endpoint_id, open_until IS NOT NULL AS is_open)
  SELECT * FROM recovered UNION ALL SELECT * FROM failing UNION ALL SELECT * FROM fallen`;

const TurnRow = z
  .object({ endpoint_id: z.string(), is_open: z.boolean() })
  .transform((row): EndpointTurn => ({ endpointId: row.endpoint_id, isOpen: row.is_open }));

/** An endpoint whose probe was not sent waits for no other. */
export const freeProbes = (which: string): string =>
  `UPDATE endpoint_health SET open_until = now(), probe_lease = NULL WHERE ${which}`;

// A lease names a claim, and a claim may hold another endpoint's probe, which goes on.
const RETURNED_PROBES = `(endpoint_id, probe_lease) IN (
    SELECT d.endpoint_id, r.lease FROM unnest($1::text[], $2::text[]) AS r (lease, delivery_id)
    JOIN delivery AS d ON d.id = r.delivery_id)`;

const PUT_BACK = `WITH probing AS (${freeProbes(RETURNED_PROBES)})
  UPDATE delivery AS d
  SET lease_owner = NULL, due_at = greatest(due_at, now() + r.delay_ms * interval '1 millisecond')
  FROM unnest($1::text[], $2::text[], $3::double precision[]) AS r (lease, delivery_id, delay_ms)
  WHERE d.id = r.delivery_id AND d.lease_owner = r.lease`;

const storableText = (text: string | null): string | null => text?.replaceAll('\0', '\uFFFD') ?? null;
const storableJson = (value: unknown): string | null =>
  value === null ? null : JSON.stringify(value).replaceAll('\\u0000', '\\ufffd');

interface Answered {
  failures: number;
  hasSucceeded: boolean;
}

/** Per endpoint the failures since its last success in the batch. */
function answeredBy(attempts: readonly SettledAttempt[]): Map<string, Answered> {
  const byEndpoint = new Map<string, Answered>();
  for (const { endpointId, outcome } of attempts) {
    const answered = byEndpoint.get(endpointId) ?? { failures: 0, hasSucceeded: false };
    if (outcome === 'success') Object.assign(answered, { failures: 0, hasSucceeded: true });
    else answered.failures += 1;
    byEndpoint.set(endpointId, answered);
  }
  return byEndpoint;
}

const attemptValues = (attempts: readonly SettledAttempt[]): unknown[] => [
  attempts.map((attempt) => attempt.lease),
  attempts.map((attempt) => attempt.deliveryId),
  attempts.map((attempt) => attempt.endpointId),
  attempts.map((attempt) => attempt.number),
  attempts.map((attempt) => attempt.startedAt),
  attempts.map((attempt) => attempt.durationMs),
  attempts.map((attempt) => attempt.outcome),
  attempts.map((attempt) => attempt.statusCode),
  attempts.map((attempt) => storableJson(attempt.requestHeaders)),
  attempts.map((attempt) => storableJson(attempt.responseHeaders)),
  attempts.map((attempt) => storableText(attempt.responseBody)),
  attempts.map((attempt) => attempt.next.status),
  attempts.map((attempt) => (attempt.next.status === 'pending' ? attempt.next.delayMs : null)),
];

/** Answers the endpoints that failed, and those that recovered. */
export function settleDeliveries(
  db: Queryable,
  attempts: readonly SettledAttempt[],
  { failures, openMs }: BreakerPolicy,
): Promise<EndpointTurn[]> {
  const answered = answeredBy(attempts);
  const values = [
    ...attemptValues(attempts),
    [...answered.keys()],
    [...answered.values()].map((one) => one.failures),
    [...answered.values()].map((one) => one.hasSucceeded),
    failures,
    openMs,
  ];
  return rows(db, TurnRow, { name: 'settle-deliveries', text: SETTLE, values });
}

export async function putBackDeliveries(db: Queryable, returned: readonly ReturnedDelivery[]): Promise<void> {
  const values = [
    returned.map(({ lease }) => lease),
    returned.map(({ deliveryId }) => deliveryId),
    returned.map(({ delayMs }) => delayMs),
  ];
  await run(db, { name: 'put-back-deliveries', text: PUT_BACK, values });
}
