import { DeliveredType, TOTAL_MAX, type WebhookEvent } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';
import { type Position, positionColumn } from './position.ts';
import type { ProviderView } from './siem-providers.ts';
import type { EndpointPage } from './webhook-endpoints.ts';

const EventRow = z.object({
  id: z.string(),
  type: DeliveredType,
  provider: z.string().nullable(),
  created_at: z.date().transform((date) => date.toISOString()),
});

export interface WebhookEventFilter {
  /** Ids of workspaces; undefined is every event, those of no workspace among them. */
  readonly view: ProviderView;
  readonly types?: readonly DeliveredType[] | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | null | undefined;
}

export interface WebhookEvents {
  /** Newest first. */
  list(
    filter: WebhookEventFilter,
    page: EndpointPage,
  ): Promise<{ readonly events: readonly WebhookEvent[]; readonly next: Position | null }>;
  /** Counts on from `TOTAL_MAX` no further than by one. */
  count(filter: WebhookEventFilter): Promise<number>;
  /** With the body as it is sent. */
  byId(id: string, view: ProviderView): Promise<(WebhookEvent & { readonly body: Buffer }) | undefined>;
}

const COLUMNS = 'e.id, e.type, p.name AS provider, e.created_at';
const FROM = 'FROM event AS e LEFT JOIN siem_provider AS p ON p.id = e.provider_id';

function conditions({ view, types, from, to }: WebhookEventFilter, bind: (value: unknown) => string): string {
  const given = [
    'true',
    ...(view ? [`e.provider_id = ANY (${bind(view)}::text[])`] : []),
    ...(types ? [`e.type = ANY (${bind(types)}::text[])`] : []),
    ...(from ? [`e.created_at >= ${bind(from)}`] : []),
    ...(to ? [`e.created_at < ${bind(to)}`] : []),
  ];
  return given.join(' AND ');
}

async function list(db: Queryable, filter: WebhookEventFilter, { limit, offset, after }: EndpointPage) {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = conditions(filter, bind);
  const beyond = after
    ? ` AND (e.created_at, e.id) < (${bind(after.time)}::timestamptz, ${bind(after.id)})`
    : '';
  const text = `SELECT ${COLUMNS}, ${positionColumn('e.created_at')} ${FROM} WHERE ${where}${beyond}
    ORDER BY e.created_at DESC, e.id DESC LIMIT ${bind(limit + 1)} OFFSET ${bind(offset)}`;
  const found = await rows(db, EventRow.extend({ position: z.string() }), { text, values });
  const events = found.slice(0, limit).map(({ position: _position, ...event }) => event);
  const last = found[limit - 1];
  return { events, next: last && found.length > limit ? { time: last.position, id: last.id } : null };
}

export const createWebhookEvents = (db: Queryable): WebhookEvents => ({
  list: (filter, page) => list(db, filter, page),
  count: async (filter) => {
    const values: unknown[] = [];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const where = conditions(filter, bind);
    const text = `SELECT count(*)::int AS total FROM (
      SELECT FROM event AS e WHERE ${where} LIMIT ${bind(TOTAL_MAX + 1)}) AS counted`;
    const [row] = await rows(db, z.object({ total: z.int() }), { text, values });
    return row?.total ?? 0;
  },
  byId: async (id, view) => {
    const text = `SELECT ${COLUMNS}, e.body ${FROM} WHERE e.id = $1 AND ($2::text[] IS NULL OR e.provider_id = ANY ($2))`;
    const schema = EventRow.extend({ body: z.instanceof(Buffer) });
    const [row] = await rows(db, schema, { text, values: [id, view ?? null] });
    return row;
  },
});
