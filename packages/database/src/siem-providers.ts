import { AppError } from '@socmate/runtime';
import { z } from 'zod';
import { tellWholeGraph } from './graph-outbox.ts';
import { type Queryable, rows, run } from './pool.ts';
import { type Position, positionColumn } from './position.ts';
import {
  type NewProvider,
  PROVIDER_COLUMNS,
  type ProviderChange,
  type ProviderRecord,
  ProviderRow,
  SKIPPED_OF,
  type SkippedRecord,
  SkippedRow,
} from './provider-record.ts';

/** Whose workspaces: those of these ids; undefined is all of them. */
export type ProviderView = readonly string[] | undefined;

interface ProviderPage {
  readonly limit: number;
  readonly offset: number;
  readonly after?: Position | undefined;
}

interface ProviderListing {
  readonly providers: readonly ProviderRecord[];
  readonly next: Position | null;
}

interface SyncNow {
  /** Also compares all that is stored with what Sentinel lists. */
  readonly isReconciled?: boolean;
}

export interface SiemProviders {
  /** The newest first. */
  list(view: ProviderView, page: ProviderPage): Promise<ProviderListing>;
  count(view: ProviderView): Promise<number>;
  byId(id: string, view: ProviderView): Promise<ProviderRecord | undefined>;
  /** The first few incidents of a workspace that could not be stored, the newest first. */
  skippedOf(id: string): Promise<SkippedRecord[]>;
  /** What a query's `provider` names: a name, an id, or `sentinel`, the default one. Deleted ones are among them. */
  resolve(ref: string): Promise<{ id: string; name: string }[]>;
  namesOf(ids: readonly string[]): Promise<string[]>;
  /** Others that add, change or remove workspaces wait until the caller's transaction ends. */
  lock(): Promise<void>;
  /** The id under which this workspace was connected before, if it is not connected now; a 409 if it is. */
  formerId(workspaceId: string): Promise<string | undefined>;
  assertNameIsFree(name: string, exceptId?: string): Promise<void>;
  /** The first workspace is the default one. A workspace that was deleted gets its row back, and goes on where it stopped. */
  connect(provider: NewProvider): Promise<ProviderRecord>;
  update(id: string, change: ProviderChange): Promise<ProviderRecord>;
  /** Carries a new name into what names the workspace: webhook endpoints and the graph. */
  rename(from: string, to: string): Promise<void>;
  makeDefault(id: string): Promise<void>;
  /** Its incidents stay. The oldest of the others becomes the default one, if this was it. */
  remove(id: string): Promise<void>;
  /** Makes it due; false where it is gone or disabled. */
  syncNow(id: string, options?: SyncNow): Promise<boolean>;
  recordHealthCheck(id: string): Promise<void>;
}

const LOCK = 72_707_371;
const VISIBLE = 'deleted_at IS NULL AND ($1::text[] IS NULL OR id = ANY ($1))';

const LIST = `SELECT ${PROVIDER_COLUMNS}, ${positionColumn('created_at')} FROM siem_provider
  WHERE ${VISIBLE} AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
  ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5`;

const RESOLVE = `SELECT id, name FROM siem_provider
  WHERE CASE WHEN lower($1) = 'sentinel' THEN is_default ELSE id = $1 OR name = $1 END`;

const HAND_ON = `UPDATE siem_provider SET is_default = true WHERE id = (
    SELECT id FROM siem_provider WHERE deleted_at IS NULL ORDER BY enabled DESC, created_at, id LIMIT 1)
  AND NOT EXISTS (SELECT FROM siem_provider WHERE is_default)`;

const RENAME = `UPDATE webhook_endpoint SET providers = array_replace(providers, $1, $2), updated_at = now()
  WHERE $1 = ANY (providers)`;

const FORMER = 'SELECT id, deleted_at IS NOT NULL AS is_deleted FROM siem_provider WHERE workspace_id = $1';
const NAMED =
  'SELECT id FROM siem_provider WHERE name = $1 AND deleted_at IS NULL AND id IS DISTINCT FROM $2::text';

const REMOVE = `UPDATE siem_provider SET deleted_at = now(), enabled = false, is_default = false,
    sync_owner = NULL, reconcile_owner = NULL, updated_at = now()
  WHERE id = $1`;

const SYNC_NOW = `UPDATE siem_provider SET next_sync_at = now(),
    next_reconcile_at = CASE WHEN $2 THEN now() ELSE next_reconcile_at END
  WHERE id = $1 AND enabled AND deleted_at IS NULL`;

const NamedRow = z.object({ id: z.string(), name: z.string() });
const ListRow = ProviderRow.extend({ position: z.string() });

async function onlyRow(
  db: Queryable,
  statement: { text: string; values: unknown[] },
): Promise<ProviderRecord> {
  const [row] = await rows(db, ProviderRow, statement);
  if (!row) throw new Error('the statement answered no workspace');
  return row;
}

async function connect(db: Queryable, provider: NewProvider): Promise<ProviderRecord> {
  const names = Object.keys(provider);
  const places = names.map((_, index) => `$${index + 1}`);
  const set = names.filter((name) => name !== 'id').map((name) => `${name} = excluded.${name}`);
  const text = `INSERT INTO siem_provider (${names.join(', ')}, last_health_check)
    VALUES (${places.join(', ')}, now())
    ON CONFLICT (id) DO UPDATE SET ${set.join(', ')}, deleted_at = NULL, last_error = NULL,
      consecutive_failures = 0, sync_owner = NULL, reconcile_owner = NULL, connected_at = now(), next_sync_at = now(), last_health_check = now(),
      updated_at = now()`;
  await db.query({ text, values: Object.values(provider) });
  await db.query(HAND_ON);
  return onlyRow(db, {
    text: `SELECT ${PROVIDER_COLUMNS} FROM siem_provider WHERE id = $1`,
    values: [provider.id],
  });
}

function update(db: Queryable, id: string, change: ProviderChange): Promise<ProviderRecord> {
  const fields = Object.entries(change).filter(([, value]) => value !== undefined);
  const set = fields.map(([name], index) => `${name} = $${index + 2}, `);
  const text = `UPDATE siem_provider SET ${set.join('')}updated_at = now(), next_sync_at = now()
    WHERE id = $1 RETURNING ${PROVIDER_COLUMNS}`;
  return onlyRow(db, { text, values: [id, ...fields.map(([, value]) => value)] });
}

async function list(db: Queryable, view: ProviderView, page: ProviderPage): Promise<ProviderListing> {
  const { limit, offset, after } = page;
  const values = [view ?? null, after?.time ?? null, after?.id ?? null, limit + 1, offset];
  const found = await rows(db, ListRow, { text: LIST, values });
  const providers = found.slice(0, limit);
  const last = providers.at(-1);
  return { providers, next: last && found.length > limit ? { time: last.position, id: last.id } : null };
}

async function formerId(db: Queryable, workspaceId: string): Promise<string | undefined> {
  const Row = z.object({ id: z.string(), is_deleted: z.boolean() });
  const [row] = await rows(db, Row, { text: FORMER, values: [workspaceId] });
  if (row && !row.is_deleted) throw new AppError('conflict', 'this workspace is already connected');
  return row?.id;
}

async function assertNameIsFree(db: Queryable, name: string, exceptId?: string): Promise<void> {
  const taken = await run(db, { text: NAMED, values: [name, exceptId ?? null] });
  if (taken > 0) throw new AppError('conflict', 'a workspace of this name exists');
}

/** Questions asked of one connected workspace or of several; the others change them. */
const readers = (db: Queryable): Omit<SiemProviders, keyof ReturnType<typeof writers>> => ({
  list: (view, page) => list(db, view, page),
  count: async (view) => {
    const text = `SELECT count(*) AS total FROM siem_provider WHERE ${VISIBLE}`;
    const [row] = await rows(db, z.object({ total: z.int() }), { text, values: [view ?? null] });
    return row?.total ?? 0;
  },
  byId: async (id, view) => {
    const text = `SELECT ${PROVIDER_COLUMNS} FROM siem_provider WHERE ${VISIBLE} AND id = $2`;
    const [row] = await rows(db, ProviderRow, { text, values: [view ?? null, id] });
    return row;
  },
  skippedOf: (id) => rows(db, SkippedRow, { text: SKIPPED_OF, values: [id] }),
  resolve: (ref) => rows(db, NamedRow, { text: RESOLVE, values: [ref] }),
  namesOf: async (ids) => {
    const text = 'SELECT id, name FROM siem_provider WHERE id = ANY ($1) AND deleted_at IS NULL';
    const found = await rows(db, NamedRow, { text, values: [ids] });
    return found.map(({ name }) => name);
  },
  formerId: (workspaceId) => formerId(db, workspaceId),
  assertNameIsFree: (name, exceptId) => assertNameIsFree(db, name, exceptId),
});

const writers = (db: Queryable) => ({
  lock: async () => {
    await run(db, { text: 'SELECT pg_advisory_xact_lock($1)', values: [LOCK] });
  },
  connect: (provider: NewProvider) => connect(db, provider),
  update: (id: string, change: ProviderChange) => update(db, id, change),
  rename: async (from: string, to: string) => {
    await run(db, { text: RENAME, values: [from, to] });
    await tellWholeGraph(db);
  },
  makeDefault: async (id: string) => {
    await db.query('UPDATE siem_provider SET is_default = false WHERE is_default');
    await run(db, { text: 'UPDATE siem_provider SET is_default = true WHERE id = $1', values: [id] });
  },
  remove: async (id: string) => {
    await run(db, { text: REMOVE, values: [id] });
    await db.query(HAND_ON);
  },
  syncNow: async (id: string, options: SyncNow = {}) =>
    (await run(db, { text: SYNC_NOW, values: [id, options.isReconciled ?? false] })) > 0,
  recordHealthCheck: async (id: string) => {
    await run(db, { text: 'UPDATE siem_provider SET last_health_check = now() WHERE id = $1', values: [id] });
  },
});

export const createSiemProviders = (db: Queryable): SiemProviders => ({ ...readers(db), ...writers(db) });
