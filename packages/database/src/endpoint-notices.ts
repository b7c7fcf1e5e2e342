import type { EndpointFailing } from '@socmate/contracts';
import { z } from 'zod';
import { AttemptOutcome } from './delivery-queue-settle.ts';
import { type Making, publishEvents } from './event-publishing.ts';
import { type Queryable, rows } from './pool.ts';

const SAMPLE_MAX = 20;

/** An endpoint that fails, as it is told to others. */
export interface EndpointNotice {
  readonly endpoint: EndpointFailing['endpoint'];
  readonly failingSince: Date;
  readonly percent: EndpointFailing['percent'];
  readonly isDisabled: boolean;
  readonly reason: string;
  readonly lastError: EndpointFailing['last_error'];
}

// Of what waits for another attempt and of what is dead: both are read by an index, however much there is.
const LAST_ATTEMPT = `WITH tried AS (
    (SELECT id, attempts_count FROM delivery
      WHERE endpoint_id = $1 AND attempts_count > 0 AND status = 'pending' AND lease_owner IS NULL
      ORDER BY due_at DESC LIMIT ${SAMPLE_MAX})
    UNION ALL
    (SELECT id, attempts_count FROM delivery WHERE endpoint_id = $1 AND status = 'dead'
      ORDER BY created_at DESC, id DESC LIMIT ${SAMPLE_MAX}))
  SELECT a.outcome, a.status_code FROM tried
    JOIN delivery_attempt AS a ON a.delivery_id = tried.id AND a.number = tried.attempts_count
  ORDER BY a.started_at DESC LIMIT 1`;
const LastAttempt = z.object({ outcome: AttemptOutcome, status_code: z.int().nullable() });

const TOLD: Readonly<Record<AttemptOutcome, string>> = {
  success: 'It answered.',
  http_error: 'Its access token could not be had.',
  timeout: 'It did not answer in time.',
  dns_error: 'The name of its host has no address.',
  connection_error: 'It could not be connected to.',
  tls_error: 'Its certificate or its TLS is not good.',
  blocked_target: 'Its URL leads to an address that may not be called.',
  response_error: 'Its answer is not HTTP.',
  internal: 'It could not be called, through no fault of its own.',
};

/** What its newest known attempt came to; null where none is kept. */
export async function lastErrorOf(db: Queryable, endpointId: string): Promise<EndpointFailing['last_error']> {
  const [last] = await rows(db, LastAttempt, { text: LAST_ATTEMPT, values: [endpointId] });
  if (!last) return null;
  const { outcome: code, status_code: status } = last;
  return { code, message: status === null ? TOLD[code] : `It answered ${status}.` };
}

/** Tells the endpoints that subscribe to it of one that fails, never itself; in the caller's transaction. */
export async function publishEndpointFailing(
  db: Queryable,
  making: Making,
  { endpoint, failingSince, percent, isDisabled, reason, lastError }: EndpointNotice,
): Promise<void> {
  const since = failingSince.toISOString();
  const data: EndpointFailing = {
    endpoint,
    failing_since: since,
    percent,
    disabled: isDisabled,
    reason,
    last_error: lastError,
  };
  const type = 'endpoint-failing' as const;
  const traits = { type, endpointId: endpoint.id, providers: endpoint.providers };
  const causeKey = `endpoint:${endpoint.id}:failing:${since}:${percent}`;
  await publishEvents(db, making, [{ type, causeKey, providerId: null, traits, data }], undefined);
}
