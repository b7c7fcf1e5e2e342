import { DeliveredType, DeliveryStatus, TOTAL_MAX } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';
import { type Position, positionColumn } from './position.ts';
import type { EndpointPage, EndpointView } from './webhook-endpoints.ts';

const time = z.date().transform((date) => date.toISOString());
const Headers = z.record(z.string(), z.string());

const DeliveryRow = z.object({
  id: z.string(),
  event_id: z.string(),
  event_type: DeliveredType,
  endpoint_id: z.string(),
  status: DeliveryStatus,
  attempts_count: z.int(),
  due_at: time,
  created_at: time,
  completed_at: time.nullable(),
});
type DeliveryRecord = z.output<typeof DeliveryRow>;

const AttemptRow = z.object({
  number: z.int(),
  started_at: time,
  duration_ms: z.int(),
  outcome: z.string(),
  status_code: z.int().nullable(),
  request_headers: Headers,
  response_headers: Headers.nullable(),
  response_body: z.string().nullable(),
});
type DeliveryWithAttempts = DeliveryRecord & { attempts: z.output<typeof AttemptRow>[] };

export interface DeliveryFilter {
  readonly view: EndpointView;
  readonly endpointId?: string | undefined;
  readonly eventId?: string | undefined;
  readonly eventTypes?: readonly DeliveredType[] | undefined;
  readonly statuses?: readonly DeliveryStatus[] | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | null | undefined;
}

export interface DeliveryListing {
  readonly deliveries: readonly DeliveryRecord[];
  readonly next: Position | null;
}

export interface Deliveries {
  /** Newest first, those of deleted endpoints included. */
  list(filter: DeliveryFilter, page: EndpointPage): Promise<DeliveryListing>;
  /** Counts on from `TOTAL_MAX` no further than by one. */
  count(filter: DeliveryFilter): Promise<number>;
  byId(id: string, view: EndpointView): Promise<DeliveryWithAttempts | undefined>;
}

const COLUMNS = `d.id, d.event_id, e.type AS event_type, d.endpoint_id, d.status, d.attempts_count,
  d.due_at, d.created_at, d.completed_at`;
const FROM = `FROM delivery AS d JOIN event AS e ON e.id = d.event_id`;
const SEEN_BY = (place: string): string =>
  `d.endpoint_id IN (SELECT id FROM webhook_endpoint WHERE providers <@ ${place}::text[])`;

// An attempt is made after its delivery: that spares the partitions of the months before.
const ATTEMPTS = `SELECT ${Object.keys(AttemptRow.shape).join(', ')} FROM delivery_attempt
  WHERE delivery_id = $1 AND started_at >= $2::timestamptz - interval '1 hour' ORDER BY number, started_at`;

function conditions(filter: DeliveryFilter, bind: (value: unknown) => string): string[] {
  const { view, endpointId, eventId, eventTypes, statuses, from, to } = filter;
  return [
    'true',
    ...(view ? [SEEN_BY(bind(view))] : []),
    ...(endpointId === undefined ? [] : [`d.endpoint_id = ${bind(endpointId)}`]),
    ...(eventId === undefined ? [] : [`d.event_id = ${bind(eventId)}`]),
    ...(eventTypes ? [`e.type = ANY (${bind(eventTypes)}::text[])`] : []),
    ...(statuses ? [`d.status = ANY (${bind(statuses)}::text[])`] : []),
    ...(from ? [`d.created_at >= ${bind(from)}`] : []),
    ...(to ? [`d.created_at < ${bind(to)}`] : []),
  ];
}

async function listDeliveries(
  db: Queryable,
  filter: DeliveryFilter,
  { limit, offset, after }: EndpointPage,
): Promise<DeliveryListing> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = conditions(filter, bind);
  if (after) where.push(`(d.created_at, d.id) < (${bind(after.time)}::timestamptz, ${bind(after.id)})`);
  const text = `SELECT ${COLUMNS}, ${positionColumn('d.created_at')} ${FROM} WHERE ${where.join(' AND ')}
    ORDER BY d.created_at DESC, d.id DESC LIMIT ${bind(limit + 1)} OFFSET ${bind(offset)}`;
  const found = await rows(db, DeliveryRow.extend({ position: z.string() }), { text, values });
  const deliveries = found.slice(0, limit);
  const last = deliveries.at(-1);
  return { deliveries, next: last && found.length > limit ? { time: last.position, id: last.id } : null };
}

async function countDeliveries(db: Queryable, filter: DeliveryFilter): Promise<number> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = conditions(filter, bind).join(' AND ');
  const from = filter.eventTypes ? FROM : 'FROM delivery AS d';
  const text = `SELECT count(*) AS total FROM (SELECT ${from} WHERE ${where} LIMIT ${bind(TOTAL_MAX + 1)}) AS counted`;
  const [row] = await rows(db, z.object({ total: z.int() }), { text, values });
  return row?.total ?? 0;
}

export const createDeliveries = (db: Queryable): Deliveries => ({
  list: (filter, page) => listDeliveries(db, filter, page),
  count: (filter) => countDeliveries(db, filter),
  byId: async (id, view) => {
    const values = view ? [id, view] : [id];
    const seen = view ? ` AND ${SEEN_BY('$2')}` : '';
    const [delivery] = await rows(db, DeliveryRow, {
      text: `SELECT ${COLUMNS} ${FROM} WHERE d.id = $1${seen}`,
      values,
    });
    if (!delivery) return undefined;
    const attempts = await rows(db, AttemptRow, { text: ATTEMPTS, values: [id, delivery.created_at] });
    return { ...delivery, attempts };
  },
});
