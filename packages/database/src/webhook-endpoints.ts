import {
  AlertReason,
  EndpointAuth,
  EventFilters,
  EventType,
  InvestigationTrigger,
  MuteWindow,
  type WebhookEndpointHealth,
} from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';
import type { Position } from './position.ts';
import { positionColumn } from './position.ts';

const time = z.date().transform((date) => date.toISOString());

const jsonTime = z.string().transform((text) => new Date(text).toISOString());

const Health = z
  .object({
    consecutive_failures: z.int(),
    failing_since: jsonTime,
    last_failure_at: jsonTime,
    open_until: jsonTime.nullable(),
    is_open: z.boolean(),
  })
  .nullable()
  .transform((row): WebhookEndpointHealth => {
    if (row === null) return WELL;
    const { is_open: isOpen, ...health } = row;
    return { ...health, breaker: isOpen ? 'open' : health.open_until === null ? 'closed' : 'half_open' };
  });

const WELL: WebhookEndpointHealth = {
  breaker: 'closed',
  consecutive_failures: 0,
  failing_since: null,
  last_failure_at: null,
  open_until: null,
};

const EndpointRow = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  url_sealed: z.string(),
  url_masked: z.string(),
  event_types: z.array(EventType),
  severity_min: z.enum(['medium', 'high', 'critical']).nullable(),
  alert_on: z.array(AlertReason),
  triggers: z.array(InvestigationTrigger),
  providers: z.array(z.string()).nullable(),
  filters: EventFilters,
  mute_windows: z.array(MuteWindow),
  storm_threshold: z.int().nullable(),
  headers_sealed: z.string().nullable(),
  headers_masked: z.record(z.string(), z.string()),
  auth_sealed: z.string().nullable(),
  auth_masked: EndpointAuth,
  previous_secret_expires_at: time.nullable(),
  timeout_ms: z.int(),
  retry_schedule_s: z.array(z.int()).nullable(),
  rate_limit_per_second: z.int().nullable(),
  max_in_flight: z.int(),
  enabled: z.boolean(),
  disabled_reason: z.string().nullable(),
  health: Health,
  created_at: time,
  updated_at: time,
});

/** An endpoint as it is stored: its URL, headers and auth sealed. */
export type EndpointRecord = z.output<typeof EndpointRow>;

type Fixed = 'id' | 'health' | 'created_at' | 'updated_at' | 'previous_secret_expires_at';
type Writable = Omit<EndpointRecord, Fixed> & { secret_sealed: string };

/** What can be written, by the columns' own names; what is undefined stays. */
export type EndpointChange = { readonly [K in keyof Writable]?: Writable[K] | undefined };

/** Whose endpoints: those that are limited to some of these workspaces' names; undefined is all endpoints. */
export type EndpointView = readonly string[] | undefined;

export interface EndpointListing {
  readonly endpoints: readonly EndpointRecord[];
  readonly next: Position | null;
}

export interface EndpointPage {
  readonly limit: number;
  readonly offset: number;
  readonly after?: Position | undefined;
}

export interface WebhookEndpoints {
  create(id: string, endpoint: EndpointChange): Promise<EndpointRecord>;
  byId(id: string, view: EndpointView): Promise<EndpointRecord | undefined>;
  /** Newest first. */
  list(view: EndpointView, page: EndpointPage): Promise<EndpointListing>;
  count(view: EndpointView): Promise<number>;
  /**
   * Holds the row until the end of the caller's transaction, against writers and against new deliveries:
   * those that others are inserting are waited for.
   */
  lock(id: string, view: EndpointView): Promise<EndpointRecord | undefined>;
  update(id: string, change: EndpointChange): Promise<EndpointRecord>;
  /** The secret in use becomes the previous one, for as long as they overlap by Postgres's clock. */
  rotateSecret(id: string, secretSealed: string, overlapHours: number): Promise<EndpointRecord>;
  /** Removes it from every list, and nothing of it is claimed; `cancelDeliveries` follows the commit. */
  remove(id: string): Promise<void>;
}

const HEALTH = `(SELECT jsonb_build_object('consecutive_failures', h.failures, 'failing_since', h.failing_since,
    'last_failure_at', h.last_failure_at, 'open_until', h.open_until, 'is_open', coalesce(h.open_until > now(), false))
  FROM endpoint_health AS h WHERE h.endpoint_id = webhook_endpoint.id) AS health`;
const COLUMNS = Object.keys(EndpointRow.shape)
  .map((name) => (name === 'health' ? HEALTH : name))
  .join(', ');
const VISIBLE = 'deleted_at IS NULL AND ($1::text[] IS NULL OR providers <@ $1)';

const BY_ID = `SELECT ${COLUMNS} FROM webhook_endpoint WHERE ${VISIBLE} AND id = $2`;

const LIST = `SELECT ${COLUMNS}, ${positionColumn('created_at')} FROM webhook_endpoint
  WHERE ${VISIBLE} AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
  ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5`;

const COUNT = `SELECT count(*) AS total FROM webhook_endpoint WHERE ${VISIBLE}`;

const ROTATE = `UPDATE webhook_endpoint SET secret_sealed = $2, updated_at = now(),
    previous_secret_sealed = CASE WHEN $3 > 0 THEN secret_sealed END,
    previous_secret_expires_at = CASE WHEN $3 > 0 THEN now() + make_interval(hours => $3) END
  WHERE id = $1 RETURNING ${COLUMNS}`;

const REMOVE = `UPDATE webhook_endpoint SET enabled = false, deleted_at = now(), updated_at = now() WHERE id = $1`;

const ListRow = EndpointRow.extend({ position: z.string() });

async function listEndpoints(
  db: Queryable,
  view: EndpointView,
  { limit, offset, after }: EndpointPage,
): Promise<EndpointListing> {
  const values = [view ?? null, after?.time ?? null, after?.id ?? null, limit + 1, offset];
  const found = await rows(db, ListRow, { text: LIST, values });
  const endpoints = found.slice(0, limit);
  const last = endpoints.at(-1);
  return { endpoints, next: last && found.length > limit ? { time: last.position, id: last.id } : null };
}

async function onlyRow(
  db: Queryable,
  statement: { text: string; values: unknown[] },
): Promise<EndpointRecord> {
  const [row] = await rows(db, EndpointRow, statement);
  if (!row) throw new Error('the statement answered no endpoint');
  return row;
}

// The driver would write an array as an array of Postgres.
const JSON_COLUMNS = new Set(['mute_windows']);

const given = (change: EndpointChange): [string, unknown][] =>
  Object.entries(change)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, JSON_COLUMNS.has(name) ? JSON.stringify(value) : value]);

function insertEndpoint(db: Queryable, id: string, endpoint: EndpointChange): Promise<EndpointRecord> {
  const row = Object.fromEntries([['id', id], ...given(endpoint)]);
  const places = Object.keys(row).map((_, index) => `$${index + 1}`);
  const text = `INSERT INTO webhook_endpoint (${Object.keys(row).join(', ')})
    VALUES (${places.join(', ')}) RETURNING ${COLUMNS}`;
  return onlyRow(db, { text, values: Object.values(row) });
}

async function updateEndpoint(db: Queryable, id: string, change: EndpointChange): Promise<EndpointRecord> {
  const fields = given(change);
  const set = fields.map(([name], index) => `${name} = $${index + 2}, `);
  const text = `UPDATE webhook_endpoint SET ${set.join('')}updated_at = now() WHERE id = $1`;
  await run(db, { text, values: [id, ...fields.map(([, value]) => value)] });
  // Its health is another row, which begins anew with some changes: it is seen by the next statement.
  return onlyRow(db, { text: `SELECT ${COLUMNS} FROM webhook_endpoint WHERE id = $1`, values: [id] });
}

export const createWebhookEndpoints = (db: Queryable): WebhookEndpoints => ({
  create: (id, endpoint) => insertEndpoint(db, id, endpoint),
  byId: async (id, view) => {
    const [row] = await rows(db, EndpointRow, { text: BY_ID, values: [view ?? null, id] });
    return row;
  },
  list: (view, page) => listEndpoints(db, view, page),
  count: async (view) => {
    const [row] = await rows(db, z.object({ total: z.int() }), { text: COUNT, values: [view ?? null] });
    return row?.total ?? 0;
  },
  lock: async (id, view) => {
    const [row] = await rows(db, EndpointRow, {
      text: `${BY_ID} FOR UPDATE`,
      values: [view ?? null, id],
    });
    return row;
  },
  update: (id, change) => updateEndpoint(db, id, change),
  rotateSecret: (id, secretSealed, overlapHours) =>
    onlyRow(db, { text: ROTATE, values: [id, secretSealed, overlapHours] }),
  remove: async (id) => {
    await run(db, { text: REMOVE, values: [id] });
  },
});
