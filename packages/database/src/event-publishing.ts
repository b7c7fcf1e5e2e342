import {
  type DeliveredType,
  type EventTraits,
  type EventType,
  isMuted,
  MuteWindow,
  matchesEvent,
  renderEvent,
  stormKey,
} from '@socmate/contracts';
import type { Clock, Ids } from '@socmate/runtime';
import { z } from 'zod';
import { countStorms, type StormCandidate } from './alert-storms.ts';
import { filterColumns, toFilter } from './endpoint-filter.ts';
import { type Queryable, rows, run } from './pool.ts';

export interface NewEvent {
  readonly type: EventType;
  /** What happened, once: a second event of the same cause is not inserted. */
  readonly causeKey: string;
  readonly providerId: string | null;
  readonly traits: EventTraits;
  readonly data: unknown;
}

export interface Making {
  readonly ids: Ids;
  readonly clock: Clock;
}

// The lock makes a deletion wait, so that it cancels the deliveries made here as well.
const ENDPOINTS = `SELECT id, ${Object.keys(filterColumns).join(', ')}, mute_windows, storm_threshold
  FROM webhook_endpoint WHERE enabled AND deleted_at IS NULL
  ORDER BY id FOR KEY SHARE`;

const EndpointRow = z
  .object({
    ...filterColumns,
    id: z.string(),
    mute_windows: z.array(MuteWindow),
    storm_threshold: z.int().nullable(),
  })
  .transform((row) => ({
    id: row.id,
    muteWindows: row.mute_windows,
    stormThreshold: row.storm_threshold,
    filter: toFilter(row.id, row),
  }));
type Endpoint = z.output<typeof EndpointRow>;

// All bodies are one value, which travels as it is: an array of them would be written, and read, as hexadecimal text.
const PUBLISH = `WITH inserted AS (
    INSERT INTO event (id, type, cause_key, provider_id, body, traceparent)
    SELECT id, type, cause_key, provider_id, substr($5::bytea, start, length), $6
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $12::integer[], $13::integer[])
      AS e (id, type, cause_key, provider_id, start, length)
    ON CONFLICT ON CONSTRAINT event_cause_key_key DO NOTHING
    RETURNING id),
  muted AS (
    INSERT INTO held_back (event_id, endpoint_id, reason)
    SELECT h.event_id, h.endpoint_id, 'muted'
    FROM unnest($10::text[], $11::text[]) AS h (event_id, endpoint_id)
    JOIN inserted ON inserted.id = h.event_id)
  INSERT INTO delivery (id, event_id, endpoint_id)
  SELECT d.id, d.event_id, d.endpoint_id
  FROM unnest($7::text[], $8::text[], $9::text[]) AS d (id, event_id, endpoint_id)
  JOIN inserted ON inserted.id = d.event_id
  RETURNING endpoint_id`;

interface Addressed {
  readonly eventId: string;
  readonly endpointId: string;
}

interface Rendered {
  readonly id: string;
  readonly type: DeliveredType;
  readonly causeKey: string;
  readonly providerId: string | null;
  readonly body: Buffer;
}

interface Publication {
  readonly events: readonly Rendered[];
  readonly sent: readonly Addressed[];
  readonly muted: readonly Addressed[];
  /** Sent or held back, as their storms stand. */
  readonly counted: readonly Omit<StormCandidate, 'deliveryId'>[];
}

const EndpointId = z.object({ endpoint_id: z.string() });

async function insert(
  db: Queryable,
  { events, sent, muted }: Publication,
  traceparent: string | null,
  ids: Ids,
): Promise<string[]> {
  let end = 1;
  const starts = events.map(({ body }) => {
    end += body.length;
    return end - body.length;
  });
  const inserted = await rows(db, EndpointId, {
    name: 'publish-events',
    text: PUBLISH,
    values: [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ causeKey }) => causeKey),
      events.map(({ providerId }) => providerId),
      Buffer.concat(events.map(({ body }) => body)),
      traceparent,
      sent.map(() => ids.next('dlv')),
      sent.map(({ eventId }) => eventId),
      sent.map(({ endpointId }) => endpointId),
      muted.map(({ eventId }) => eventId),
      muted.map(({ endpointId }) => endpointId),
      starts,
      events.map(({ body }) => body.length),
    ],
  });
  return inserted.map((row) => row.endpoint_id);
}

function render({ ids, clock }: Making, events: readonly NewEvent[]): Rendered[] {
  return events.map(({ type, causeKey, providerId, data }) => {
    const id = ids.next('evt');
    return { id, type, causeKey, providerId, body: renderEvent({ id, type, timestamp: clock.now(), data }) };
  });
}

/** Who of those that an event matches gets it now, not at all, or as its storm stands. */
function address(
  endpoints: readonly Endpoint[],
  events: readonly NewEvent[],
  rendered: readonly Rendered[],
  now: Date,
): Publication {
  const sent: Addressed[] = [];
  const muted: Addressed[] = [];
  const counted: Omit<StormCandidate, 'deliveryId'>[] = [];
  const mutedIds = new Set(
    endpoints.filter(({ muteWindows }) => isMuted(muteWindows, now)).map(({ id }) => id),
  );
  for (const [index, { traits }] of events.entries()) {
    const eventId = (rendered[index] as Rendered).id;
    for (const { id: endpointId, filter, stormThreshold: threshold } of endpoints) {
      if (!matchesEvent(filter, traits)) continue;
      if (mutedIds.has(endpointId)) muted.push({ eventId, endpointId });
      else if (threshold === null || traits.type !== 'incident-alert') sent.push({ eventId, endpointId });
      else counted.push({ eventId, endpointId, threshold, rule: stormKey(traits.incident) });
    }
  }
  return { events: rendered, sent, muted, counted };
}

/**
 * Inserts events, each with one delivery per enabled endpoint that it matches, in the caller's transaction:
 * they commit with their cause. What an endpoint is spared is kept in `held_back`. Answers the endpoints to wake once
 * it has committed.
 */
export async function publishEvents(
  db: Queryable,
  making: Making,
  events: readonly NewEvent[],
  traceparent: string | undefined,
): Promise<string[]> {
  if (events.length === 0) return [];
  const endpoints = await rows(db, EndpointRow, { name: 'enabled-endpoints', text: ENDPOINTS });
  const publication = address(endpoints, events, render(making, events), making.clock.now());
  const sent = await insert(db, publication, traceparent ?? null, making.ids);
  const candidates = publication.counted.map((one) => ({ ...one, deliveryId: making.ids.next('dlv') }));
  const spared = candidates.length > 0 ? await countStorms(db, making, candidates) : [];
  return [...new Set([...sent, ...spared])];
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
