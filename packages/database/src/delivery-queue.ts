import { z } from 'zod';
import {
  type BreakerPolicy,
  DEFAULT_BREAKER,
  type EndpointTurn,
  freeProbes,
  putBackDeliveries,
  type ReturnedDelivery,
  type SettledAttempt,
  settleDeliveries,
} from './delivery-queue-settle.ts';
import { type Pool, rows, run } from './pool.ts';
import { DELIVERY_SERVICE, WORKER_DEAD_AFTER_MS } from './worker-leases.ts';

/** How many more deliveries an endpoint's lane takes, of first attempts and of retries. */
export interface Room {
  readonly endpointId: string;
  readonly first: number;
  readonly retries: number;
}

/** A delivery that this claim alone may attempt until it is settled or put back, or its owner dies. */
export interface ClaimedDelivery {
  readonly id: string;
  /** The claim that holds it: its owner's id, a colon, and the claim's own number. */
  readonly lease: string;
  readonly endpointId: string;
  readonly endpointVersion: string;
  readonly eventId: string;
  readonly eventType: string;
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
  /** Attempts a second, by all senders together. */
  readonly rateLimitPerSecond: number | null;
}

export interface DeliveryQueue {
  /**
   * Leases what is due, oldest first, within the room of each endpoint; rows that others hold are passed over.
   * An endpoint whose breaker is open gives nothing, or one delivery to one claim as its probe.
   */
  claim(lease: string, rooms: readonly Room[]): Promise<ClaimedDelivery[]>;
  /** Attempts and next states in one statement; a delivery that its claim no longer holds keeps its state. */
  settle(attempts: readonly SettledAttempt[]): Promise<EndpointTurn[]>;
  /** Puts deliveries back that were claimed and not attempted; this spends no attempt. */
  putBack(returned: readonly ReturnedDelivery[]): Promise<void>;
  /** Frees what these claims hold: their answers were lost. */
  freeClaims(leases: readonly string[]): Promise<number>;
  /** Declares dead who was not heard of, and frees what they held: they learn it from their next heartbeat. */
  freeDead(): Promise<number>;
  /** Endpoints with deliveries that are due and that nobody holds, but for open breakers. */
  due(): Promise<DueEndpoint[]>;
  targets(endpointIds: readonly string[]): Promise<EndpointTarget[]>;
}

/** A probe that is not answered by then is taken for lost. */
const PROBE_LOST_AFTER_S = 60;

// The planner takes a room for a tenth of what is due, and would read both tables whole; an array it takes for ten rows.
const CLAIM = `WITH ready AS (
    SELECT endpoint_id FROM endpoint_health WHERE endpoint_id = ANY ($2) AND open_until <= now()
    FOR UPDATE SKIP LOCKED),
  picked AS (
    SELECT d.id, d.endpoint_id, room.is_probe,
      CASE WHEN room.is_probe THEN row_number() OVER (PARTITION BY d.endpoint_id ORDER BY d.due_at) ELSE 1 END AS place
    FROM (
      SELECT asked.endpoint_id, kind.is_retry, ready.endpoint_id IS NOT NULL AS is_probe,
        CASE WHEN health.open_until IS NULL THEN kind.free WHEN ready.endpoint_id IS NOT NULL THEN 1 ELSE 0 END AS free
      FROM unnest($2::text[], $3::integer[], $4::integer[]) AS asked (endpoint_id, first, retries)
      CROSS JOIN LATERAL (VALUES (false, asked.first), (true, asked.retries)) AS kind (is_retry, free)
      JOIN webhook_endpoint AS e ON e.id = asked.endpoint_id AND e.enabled AND e.deleted_at IS NULL
      LEFT JOIN endpoint_health AS health ON health.endpoint_id = asked.endpoint_id
      LEFT JOIN ready ON ready.endpoint_id = asked.endpoint_id) AS room
    CROSS JOIN LATERAL (
      SELECT id, endpoint_id, due_at FROM delivery
      WHERE endpoint_id = room.endpoint_id AND (attempts_count > 0) = room.is_retry
        AND status = 'pending' AND lease_owner IS NULL AND due_at <= now()
      ORDER BY due_at LIMIT room.free
      FOR UPDATE SKIP LOCKED) AS d),
  probing AS (
    UPDATE endpoint_health SET probe_lease = $1, open_until = now() + interval '${PROBE_LOST_AFTER_S} seconds'
    WHERE endpoint_id IN (SELECT endpoint_id FROM picked WHERE is_probe)),
  claimed AS (
    UPDATE delivery SET lease_owner = $1 WHERE id = ANY (ARRAY (SELECT id FROM picked WHERE place = 1))
    RETURNING id, lease_owner, endpoint_id, event_id, attempts_count, schedule_start)
  SELECT claimed.*, e.xmin::text AS endpoint_version, event.type, event.traceparent,
    CASE WHEN row_number() OVER (PARTITION BY event.id) = 1 THEN event.body END AS body
  FROM claimed JOIN event ON event.id = claimed.event_id JOIN webhook_endpoint AS e ON e.id = claimed.endpoint_id`;

const ClaimedRow = z.object({
  id: z.string(),
  lease_owner: z.string(),
  endpoint_id: z.string(),
  endpoint_version: z.string(),
  event_id: z.string(),
  attempts_count: z.int(),
  schedule_start: z.int(),
  type: z.string(),
  /** Given once for all deliveries of an event. */
  body: z.instanceof(Buffer).nullable(),
  traceparent: z.string().nullable(),
});

function claimedDeliveries(found: readonly z.output<typeof ClaimedRow>[]): ClaimedDelivery[] {
  const bodies = new Map(
    found.flatMap(({ event_id, body }) => (body === null ? [] : [[event_id, body] as const])),
  );
  return found.map((row) => ({
    id: row.id,
    lease: row.lease_owner,
    endpointId: row.endpoint_id,
    endpointVersion: row.endpoint_version,
    eventId: row.event_id,
    eventType: row.type,
    attemptsCount: row.attempts_count,
    scheduleStart: row.schedule_start,
    body: bodies.get(row.event_id) ?? Buffer.alloc(0),
    traceparent: row.traceparent,
  }));
}

const FREE_CLAIMS = `WITH probing AS (${freeProbes('probe_lease = ANY ($1)')})
  UPDATE delivery SET lease_owner = NULL WHERE lease_owner = ANY ($1)`;

const OWNER = "split_part(held.lease_owner, ':', 1)";

// Where the server itself was away, nobody could be heard of.
const FREE_DEAD = `WITH dead AS (
    DELETE FROM worker_lease WHERE service = '${DELIVERY_SERVICE}'
      AND heartbeat_at <= now() - interval '${WORKER_DEAD_AFTER_MS} milliseconds'
      AND pg_postmaster_start_time() < now() - interval '${2 * WORKER_DEAD_AFTER_MS} milliseconds'
    RETURNING owner),
  probing AS (${freeProbes(`split_part(probe_lease, ':', 1) IN (SELECT owner FROM dead)`)})
  UPDATE delivery SET lease_owner = NULL WHERE id IN (
    SELECT id FROM delivery AS held WHERE lease_owner IS NOT NULL
      AND (${OWNER} IN (SELECT owner FROM dead)
        OR NOT EXISTS (SELECT FROM worker_lease WHERE owner = ${OWNER}))
    FOR UPDATE SKIP LOCKED)`;

const DUE = `SELECT e.id AS endpoint_id, extract(epoch FROM now() - min(oldest.due_at)) * 1000 AS lag_ms
  FROM webhook_endpoint AS e CROSS JOIN (VALUES (false), (true)) AS kind (is_retry)
  CROSS JOIN LATERAL (
    SELECT due_at FROM delivery
    WHERE endpoint_id = e.id AND (attempts_count > 0) = kind.is_retry
      AND status = 'pending' AND lease_owner IS NULL AND due_at <= now()
    ORDER BY due_at LIMIT 1) AS oldest
  WHERE e.enabled AND e.deleted_at IS NULL
    AND NOT EXISTS (SELECT FROM endpoint_health WHERE endpoint_id = e.id AND open_until > now())
  GROUP BY e.id`;

const DueRow = z
  .object({ endpoint_id: z.string(), lag_ms: z.coerce.number() })
  .transform((row): DueEndpoint => ({ endpointId: row.endpoint_id, lagMs: row.lag_ms }));

const TARGETS = `SELECT id, xmin::text AS version, url_sealed, secret_sealed, previous_secret_sealed, previous_secret_expires_at,
    headers_sealed, auth_sealed, timeout_ms, retry_schedule_s, max_in_flight, rate_limit_per_second
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
    rate_limit_per_second: z.int().nullable(),
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
      rateLimitPerSecond: row.rate_limit_per_second,
    }),
  );

export function createDeliveryQueue(pool: Pool, breaker: BreakerPolicy = DEFAULT_BREAKER): DeliveryQueue {
  return {
    claim: async (lease, rooms) => {
      const values = [
        lease,
        rooms.map(({ endpointId }) => endpointId),
        rooms.map(({ first }) => first),
        rooms.map(({ retries }) => retries),
      ];
      const statement = { name: 'claim-deliveries', text: CLAIM, values, isBinary: true };
      return claimedDeliveries(await rows(pool, ClaimedRow, statement));
    },
    settle: (attempts) => settleDeliveries(pool, attempts, breaker),
    putBack: (returned) => putBackDeliveries(pool, returned),
    freeClaims: (leases) => run(pool, { text: FREE_CLAIMS, values: [leases] }),
    freeDead: () => run(pool, { name: 'free-dead-leases', text: FREE_DEAD }),
    due: () => rows(pool, DueRow, { name: 'due-endpoints', text: DUE }),
    targets: (endpointIds) =>
      rows(pool, TargetRow, { name: 'endpoint-targets', text: TARGETS, values: [endpointIds] }),
  };
}
