import {
  AlertReason,
  type DeliveredType,
  type EventTraits,
  EventType,
  InvestigationTrigger,
  matchesEvent,
  Priority,
  renderEvent,
} from '@socmate/contracts';
import type { Clock, Ids } from '@socmate/runtime';
import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

export interface NewEvent {
  readonly type: EventType;
  /** What happened, once: a second event of the same cause is not inserted. */
  readonly causeKey: string;
  readonly providerId: string | null;
  readonly traits: EventTraits;
  readonly data: unknown;
}

interface Making {
  readonly ids: Ids;
  readonly clock: Clock;
}

// The lock makes a deletion wait, so that it cancels the deliveries made here as well.
const ENDPOINTS = `SELECT id, event_types, severity_min, alert_on, triggers, providers
  FROM webhook_endpoint WHERE enabled AND deleted_at IS NULL
  ORDER BY id FOR KEY SHARE`;

const EndpointRow = z
  .object({
    id: z.string(),
    event_types: z.array(EventType),
    severity_min: Priority.nullable(),
    alert_on: z.array(AlertReason),
    triggers: z.array(InvestigationTrigger),
    providers: z.array(z.string()).nullable(),
  })
  .transform((row) => ({
    id: row.id,
    filter: {
      eventTypes: row.event_types,
      severityMin: row.severity_min,
      alertOn: row.alert_on,
      triggers: row.triggers,
      providers: row.providers,
    },
  }));

const PUBLISH = `WITH inserted AS (
    INSERT INTO event (id, type, cause_key, provider_id, body, traceparent)
    SELECT id, type, cause_key, provider_id, body, $6
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[]) AS e (id, type, cause_key, provider_id, body)
    ON CONFLICT ON CONSTRAINT event_cause_key_key DO NOTHING
    RETURNING id)
  INSERT INTO delivery (id, event_id, endpoint_id)
  SELECT d.id, d.event_id, d.endpoint_id
  FROM unnest($7::text[], $8::text[], $9::text[]) AS d (id, event_id, endpoint_id)
  JOIN inserted ON inserted.id = d.event_id
  RETURNING endpoint_id`;

interface Rendered {
  readonly id: string;
  readonly type: DeliveredType;
  readonly causeKey: string;
  readonly providerId: string | null;
  readonly body: Buffer;
  readonly endpointIds: readonly string[];
}

async function insert(
  db: Queryable,
  events: readonly Rendered[],
  traceparent: string | null,
  ids: Ids,
): Promise<string[]> {
  const deliveries = events.flatMap(({ id, endpointIds }) =>
    endpointIds.map((endpointId) => ({ id: ids.next('dlv'), eventId: id, endpointId })),
  );
  const inserted = await rows(db, z.object({ endpoint_id: z.string() }), {
    name: 'publish-events',
    text: PUBLISH,
    values: [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ causeKey }) => causeKey),
      events.map(({ providerId }) => providerId),
      events.map(({ body }) => body),
      traceparent,
      deliveries.map(({ id }) => id),
      deliveries.map(({ eventId }) => eventId),
      deliveries.map(({ endpointId }) => endpointId),
    ],
  });
  return [...new Set(inserted.map((row) => row.endpoint_id))];
}

/**
 * Inserts events, each with one delivery per enabled endpoint that it matches, in the caller's transaction:
 * they commit with their cause. Answers the endpoints to wake once it has committed.
 */
export async function publishEvents(
  db: Queryable,
  { ids, clock }: Making,
  events: readonly NewEvent[],
  traceparent: string | undefined,
): Promise<string[]> {
  if (events.length === 0) return [];
  const endpoints = await rows(db, EndpointRow, { name: 'enabled-endpoints', text: ENDPOINTS });
  const rendered = events.map(({ type, causeKey, providerId, traits, data }) => {
    const id = ids.next('evt');
    return {
      id,
      type,
      causeKey,
      providerId,
      body: renderEvent({ id, type, timestamp: clock.now(), data }),
      endpointIds: endpoints
        .filter(({ filter }) => matchesEvent(filter, traits))
        .map((endpoint) => endpoint.id),
    };
  });
  return insert(db, rendered, traceparent ?? null, ids);
}

export interface Ping {
  readonly eventId: string;
  readonly deliveryId: string;
}

const PING_EVENT = `INSERT INTO event (id, type, cause_key, body, traceparent) VALUES ($1, 'ping', $2, $3, $4)`;
const PING_DELIVERY = 'INSERT INTO delivery (id, event_id, endpoint_id) VALUES ($1, $2, $3)';

/** Inserts a `ping` for one endpoint, whatever it subscribes to, in the caller's transaction. */
export async function publishPing(
  db: Queryable,
  { ids, clock }: Making,
  endpointId: string,
  traceparent: string | undefined,
): Promise<Ping> {
  const eventId = ids.next('evt');
  const deliveryId = ids.next('dlv');
  const data = { message: 'This is a test from SoCMate. Your endpoint works.' };
  const body = renderEvent({ id: eventId, type: 'ping', timestamp: clock.now(), data });
  await run(db, { text: PING_EVENT, values: [eventId, `ping:${eventId}`, body, traceparent ?? null] });
  await run(db, { text: PING_DELIVERY, values: [deliveryId, eventId, endpointId] });
  return { eventId, deliveryId };
}
