import { DeliveredType } from '@socmate/contracts';
import { z } from 'zod';
import { type Pool, rows, run } from './pool.ts';
import { ownerIsDead } from './worker-leases.ts';

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

/** How many more deliveries an endpoint's lane takes. */
export interface Room {
  readonly endpointId: string;
  readonly free: number;
}

/** A delivery that this owner alone may attempt until it settles it, puts it back, or dies. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly endpointVersion: string;
  readonly eventId: string;
  readonly eventType: DeliveredType;
  readonly attemptsCount: number;
  /** The attempts that were made before its retry schedule began anew. */
  readonly scheduleStart: number;
  readonly body: Buffer;
  readonly traceparent: string | null;
}

export interface DueEndpoint {
  readonly endpointId: string;
  /** How long its oldest due delivery has waited, in milliseconds. */
  readonly lagMs: number;
}

/** One attempt that was made, and what follows from it. */
export interface SettledAttempt {
  readonly deliveryId: string;
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

/** What a sender needs of an endpoint, still sealed. */
export interface EndpointTarget {
  readonly id: string;
  readonly version: string;
  readonly urlSealed: string;
  readonly secretSealed: string;
  /** Deliveries are signed with it as well until it expires. */
  readonly previousSecretSealed: string | null;
  readonly previousSecretExpiresAt: Date | null;
  readonly headersSealed: string | null;
  readonly authSealed: string | null;
  readonly timeoutMs: number;
  readonly retryScheduleS: readonly number[] | null;
  readonly maxInFlight: number;
}

export interface DeliveryQueue {
  /** Leases what is due, oldest first, at most `free` per endpoint; rows that others hold are passed over. */
  claim(owner: string, rooms: readonly Room[]): Promise<ClaimedDelivery[]>;
  /** Attempts and next states in one statement; what this owner no longer holds keeps its state. */
  settle(owner: string, attempts: readonly SettledAttempt[]): Promise<void>;
  /** Puts deliveries back that were claimed and not attempted; this spends no attempt. */
  putBack(owner: string, deliveryIds: readonly string[], delayMs: number): Promise<void>;
  /** Frees what this owner holds beyond `held`: claims whose answer was lost. */
  freeAllBut(owner: string, held: readonly string[]): Promise<number>;
  /** Frees what dead owners held. */
  freeDead(): Promise<number>;
  /** Endpoints with deliveries that are due and that nobody holds. */
  due(): Promise<DueEndpoint[]>;
  targets(endpointIds: readonly string[]): Promise<EndpointTarget[]>;
  /** Deliveries of a disabled endpoint stay pending until it is enabled. */
  disableEndpoint(endpointId: string, reason: string): Promise<void>;
}

// The planner takes a room for a tenth of what is due, and would read both tables whole; an array it takes for ten rows.
const CLAIM = `WITH picked AS (
    SELECT d.id
    FROM unnest($2::text[], $3::integer[]) AS room (endpoint_id, free)
    JOIN webhook_endpoint AS e ON e.id = room.endpoint_id AND e.enabled AND e.deleted_at IS NULL
    CROSS JOIN LATERAL (
      SELECT id FROM delivery
      WHERE endpoint_id = room.endpoint_id AND status = 'pending' AND lease_owner IS NULL AND due_at <= now()
      ORDER BY due_at LIMIT room.free
      FOR UPDATE SKIP LOCKED) AS d),
  claimed AS (
    UPDATE delivery SET lease_owner = $1 WHERE id = ANY (ARRAY (SELECT id FROM picked))
    RETURNING id, endpoint_id, event_id, attempts_count, schedule_start)
  SELECT claimed.*, e.xmin::text AS endpoint_version, event.type, event.body, event.traceparent
  FROM claimed JOIN event ON event.id = claimed.event_id JOIN webhook_endpoint AS e ON e.id = claimed.endpoint_id`;

const ClaimedRow = z
  .object({
    id: z.string(),
    endpoint_id: z.string(),
    endpoint_version: z.string(),
    event_id: z.string(),
    attempts_count: z.int(),
    schedule_start: z.int(),
    type: DeliveredType,
    body: z.instanceof(Buffer),
    traceparent: z.string().nullable(),
  })
  .transform(
    (row): ClaimedDelivery => ({
      id: row.id,
      endpointId: row.endpoint_id,
      endpointVersion: row.endpoint_version,
      eventId: row.event_id,
      eventType: row.type,
      attemptsCount: row.attempts_count,
      scheduleStart: row.schedule_start,
      body: row.body,
      traceparent: row.traceparent,
    }),
  );

// A batch whose answer was lost is settled again: the count fences off its second run, and the attempt is known.
const SETTLE = `WITH attempt AS (
    SELECT * FROM unnest($2::text[], $3::integer[], $4::timestamptz[], $5::integer[], $6::text[], $7::integer[],
      $8::jsonb[], $9::jsonb[], $10::text[], $11::text[], $12::double precision[])
    AS a (delivery_id, number, started_at, duration_ms, outcome, status_code,
      request_headers, response_headers, response_body, status, delay_ms)),
  settled AS (
    UPDATE delivery AS d SET
      status = CASE WHEN d.status = 'pending' THEN a.status ELSE d.status END,
      attempts_count = a.number,
      lease_owner = NULL,
      due_at = CASE WHEN a.status = 'pending' THEN now() + a.delay_ms * interval '1 millisecond' ELSE d.due_at END,
      completed_at = CASE WHEN d.status = 'pending' AND a.status <> 'pending' THEN now() ELSE d.completed_at END
    FROM attempt AS a
    WHERE d.id = a.delivery_id AND d.lease_owner = $1 AND d.attempts_count = a.number - 1)
  INSERT INTO delivery_attempt (delivery_id, number, started_at, duration_ms, outcome, status_code,
    request_headers, response_headers, response_body)
  SELECT delivery_id, number, started_at, duration_ms, outcome, status_code,
    request_headers, response_headers, response_body
  FROM attempt
  ON CONFLICT DO NOTHING`;

const PUT_BACK = `UPDATE delivery
  SET lease_owner = NULL, due_at = greatest(due_at, now() + $3 * interval '1 millisecond')
  WHERE id = ANY ($2) AND lease_owner = $1`;

const FREE_ALL_BUT = 'UPDATE delivery SET lease_owner = NULL WHERE lease_owner = $1 AND id <> ALL ($2)';

const FREE_DEAD = `UPDATE delivery SET lease_owner = NULL WHERE id IN (
    SELECT id FROM delivery AS held WHERE lease_owner IS NOT NULL AND ${ownerIsDead('held.lease_owner')}
    FOR UPDATE SKIP LOCKED)`;

const DUE = `SELECT e.id AS endpoint_id, extract(epoch FROM now() - oldest.due_at) * 1000 AS lag_ms
  FROM webhook_endpoint AS e CROSS JOIN LATERAL (
    SELECT due_at FROM delivery
    WHERE endpoint_id = e.id AND status = 'pending' AND lease_owner IS NULL AND due_at <= now()
    ORDER BY due_at LIMIT 1) AS oldest
  WHERE e.enabled AND e.deleted_at IS NULL`;

const DueRow = z
  .object({ endpoint_id: z.string(), lag_ms: z.coerce.number() })
  .transform((row): DueEndpoint => ({ endpointId: row.endpoint_id, lagMs: row.lag_ms }));

const TARGETS = `SELECT id, xmin::text AS version, url_sealed, secret_sealed, previous_secret_sealed, previous_secret_expires_at,
    headers_sealed, auth_sealed, timeout_ms, retry_schedule_s, max_in_flight
  FROM webhook_endpoint WHERE id = ANY ($1)`;

const TargetRow = z
  .object({
    id: z.string(),
    version: z.string(),
    url_sealed: z.string(),
    secret_sealed: z.string(),
    previous_secret_sealed: z.string().nullable(),
    previous_secret_expires_at: z.date().nullable(),
    headers_sealed: z.string().nullable(),
    auth_sealed: z.string().nullable(),
    timeout_ms: z.int(),
    retry_schedule_s: z.array(z.int()).nullable(),
    max_in_flight: z.int(),
  })
  .transform(
    (row): EndpointTarget => ({
      id: row.id,
      version: row.version,
      urlSealed: row.url_sealed,
      secretSealed: row.secret_sealed,
      previousSecretSealed: row.previous_secret_sealed,
      previousSecretExpiresAt: row.previous_secret_expires_at,
      headersSealed: row.headers_sealed,
      authSealed: row.auth_sealed,
      timeoutMs: row.timeout_ms,
      retryScheduleS: row.retry_schedule_s,
      maxInFlight: row.max_in_flight,
    }),
  );

const DISABLE = `UPDATE webhook_endpoint SET enabled = false, disabled_reason = $2, updated_at = now()
  WHERE id = $1 AND enabled`;

const storableText = (text: string | null): string | null => text?.replaceAll('\0', '\uFFFD') ?? null;
const storableJson = (value: unknown): string | null =>
  value === null ? null : JSON.stringify(value).replaceAll('\\u0000', '\\ufffd');

function settleValues(owner: string, attempts: readonly SettledAttempt[]): unknown[] {
  return [
    owner,
    attempts.map((attempt) => attempt.deliveryId),
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
}

export function createDeliveryQueue(pool: Pool): DeliveryQueue {
  return {
    claim: (owner, rooms) => {
      const values = [owner, rooms.map(({ endpointId }) => endpointId), rooms.map(({ free }) => free)];
      return rows(pool, ClaimedRow, { name: 'claim-deliveries', text: CLAIM, values });
    },
    settle: async (owner, attempts) => {
      await run(pool, { name: 'settle-deliveries', text: SETTLE, values: settleValues(owner, attempts) });
    },
    putBack: async (owner, deliveryIds, delayMs) => {
      await run(pool, { name: 'put-back-deliveries', text: PUT_BACK, values: [owner, deliveryIds, delayMs] });
    },
    freeAllBut: (owner, held) => run(pool, { text: FREE_ALL_BUT, values: [owner, held] }),
    freeDead: () => run(pool, { name: 'free-dead-leases', text: FREE_DEAD }),
    due: () => rows(pool, DueRow, { name: 'due-endpoints', text: DUE }),
    targets: (endpointIds) =>
      rows(pool, TargetRow, { name: 'endpoint-targets', text: TARGETS, values: [endpointIds] }),
    disableEndpoint: async (endpointId, reason) => {
      await run(pool, { text: DISABLE, values: [endpointId, reason] });
    },
  };
}
