import { type ChangeableState, StatusChangeCreate } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';
import { ConnectionColumns, type ProviderConnection, toConnection } from './provider-connection.ts';
import { ownerIsDead } from './worker-leases.ts';

const FIRST_RETRY_S = 2;
const LAST_RETRY_S = 600;
/** What could not be written by then is given up. */
const PATIENCE_HOURS = 24;

const claimColumns = {
  id: z.string(),
  incident_id: z.string(),
  incident_name: z.string(),
  number: z.int(),
  provider_id: z.string(),
  is_uncertain: z.boolean(),
  attempts: z.int(),
  is_late: z.boolean(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  created_by: z.string(),
};

const CommentClaim = z.object({ ...claimColumns, sentinel_name: z.string(), message: z.string() });
const StatusChangeClaim = z.object({
  ...claimColumns,
  requested: StatusChangeCreate,
  basis: z.unknown(),
  request_id: z.string().nullable(),
});

/** A comment that this worker is to post. `is_uncertain`: an earlier write may have arrived. */
export type CommentClaim = z.output<typeof CommentClaim>;
/** A status change that this worker is to make. `basis` is the incident as its caller knew it. */
export type StatusChangeClaim = z.output<typeof StatusChangeClaim>;

export interface WriteError {
  readonly code: string;
  readonly message: string;
}

export interface DueWrite {
  /** What its job names. */
  readonly key: string;
  readonly providerId: string;
  readonly lagMs: number;
}

/** The workspace that a write goes to. */
export interface WriteWorkspace {
  readonly connection: ProviderConnection;
  readonly isConnected: boolean;
  readonly allowsStatusChanges: boolean;
}

interface Waiting {
  /** Whether Azure may have taken the write: it is asked before the next one. */
  readonly isUncertain: boolean;
  readonly error: WriteError | null;
  /** Longer the older the row is, if not given. */
  readonly delayS?: number | undefined;
  /** Takes back the attempt that `begin` counted: Azure did not look at it. */
  readonly isUnspent?: boolean;
}

/** Writes to Sentinel as a worker makes them: every change names the owner, and touches nothing of who lost the row. */
interface WriteQueue<C> {
  /**
   * Those of enabled workspaces that are due, or were left by an owner that died; the longest due first, and of each
   * workspace no more than asked for, so that none crowds out another.
   */
  due(limitEach: number): Promise<DueWrite[]>;
  /** Claims what is due under a key, oldest first. */
  claim(owner: string, key: string, limit: number): Promise<C[]>;
  /** Counts an attempt and says, before Azure is asked, that it may have been; false where the row was lost. */
  begin(owner: string, id: string): Promise<boolean>;
  /** Gives the row back, to be claimed again later. */
  wait(owner: string, id: string, waiting: Waiting): Promise<void>;
  /** Gives back what this owner holds under a key, as it is. */
  free(owner: string, key: string): Promise<void>;
}

export interface CommentQueue extends WriteQueue<CommentClaim> {
  end(owner: string, id: string, end: { error: WriteError | null }): Promise<boolean>;
}

export interface StatusChangeEnd {
  readonly status: 'applied' | 'failed' | 'conflict';
  readonly before?: ChangeableState | undefined;
  readonly after?: ChangeableState | undefined;
  readonly error: WriteError | null;
}

export interface StatusChangeQueue extends WriteQueue<StatusChangeClaim> {
  /** In the caller's transaction; false where the row was lost. */
  end(owner: string, id: string, end: StatusChangeEnd): Promise<boolean>;
}

interface Definition<S extends z.ZodType> {
  readonly table: 'comment' | 'status_change';
  readonly key: 'incident_id' | 'id';
  /** The status from before Azure is asked until its answer is known. */
  readonly running: 'posting' | 'applying';
  readonly columns: string;
  readonly row: S;
}

function statements({ table, key, running, columns }: Definition<z.ZodType>) {
  const isDue = `w.status IN ('pending', '${running}') AND (p.enabled OR p.deleted_at IS NOT NULL)
    AND CASE WHEN w.lease_owner IS NULL THEN w.due_at <= now() ELSE ${ownerIsDead('w.lease_owner')} END`;
  const from = `FROM ${table} AS w JOIN siem_provider AS p ON p.id = w.provider_id`;
  const own = 'id = $2 AND lease_owner = $1';
  return {
    due: `SELECT key, provider_id, (greatest(0, extract(epoch FROM now() - due_at)) * 1000)::float8 AS lag_ms
      FROM (
        SELECT w.${key} AS key, w.provider_id, min(w.due_at) AS due_at,
          row_number() OVER (PARTITION BY w.provider_id ORDER BY min(w.due_at), w.${key}) AS place
        ${from} WHERE ${isDue} GROUP BY w.provider_id, w.${key}) AS found
      WHERE place <= $1 ORDER BY due_at, key`,
    claim: `WITH picked AS (
        SELECT w.id ${from} WHERE w.${key} = $2 AND ${isDue}
        ORDER BY w.created_at, w.id LIMIT $3 FOR UPDATE OF w SKIP LOCKED),
      claimed AS (
        UPDATE ${table} SET lease_owner = $1 WHERE id = ANY (ARRAY (SELECT id FROM picked)) RETURNING *)
      SELECT w.id, w.incident_id, i.sentinel_name AS incident_name, i.number, w.provider_id, w.attempts, w.error, w.created_by,
        w.status = '${running}' AS is_uncertain,
        w.created_at < now() - interval '${PATIENCE_HOURS} hours' AS is_late, ${columns}
      FROM claimed AS w JOIN incident AS i ON i.id = w.incident_id ORDER BY w.created_at, w.id`,
    begin: `UPDATE ${table} SET status = '${running}', attempts = attempts + 1
      WHERE ${own} AND status IN ('pending', '${running}')`,
    wait: `UPDATE ${table} SET lease_owner = NULL, error = $4, attempts = attempts - $6::integer,
        status = CASE WHEN $3 THEN '${running}' ELSE 'pending' END,
        due_at = now() + COALESCE(make_interval(secs => $5), least(
          greatest(now() - created_at, interval '${FIRST_RETRY_S} seconds'), interval '${LAST_RETRY_S} seconds'))
      WHERE ${own} AND status IN ('pending', '${running}')`,
    free: `UPDATE ${table} SET lease_owner = NULL WHERE ${key} = $2 AND lease_owner = $1`,
  };
}

const DueRow = z
  .object({ key: z.string(), provider_id: z.string(), lag_ms: z.number() })
  .transform((row): DueWrite => ({ key: row.key, providerId: row.provider_id, lagMs: row.lag_ms }));

const json = (value: unknown): string | null => (value == null ? null : JSON.stringify(value));

function createWriteQueue<S extends z.ZodType>(
  db: Queryable,
  definition: Definition<S>,
): WriteQueue<z.output<S>> {
  const { table, row } = definition;
  const text = statements(definition);
  return {
    due: (limitEach) => rows(db, DueRow, { name: `due-${table}`, text: text.due, values: [limitEach] }),
    claim: (owner, key, limit) => rows(db, row, { text: text.claim, values: [owner, key, limit] }),
    begin: async (owner, id) => (await run(db, { text: text.begin, values: [owner, id] })) > 0,
    wait: async (owner, id, { isUncertain, error, delayS, isUnspent = false }) => {
      const values = [owner, id, isUncertain, json(error), delayS ?? null, isUnspent ? 1 : 0];
      await run(db, { text: text.wait, values });
    },
    free: async (owner, key) => {
      await run(db, { text: text.free, values: [owner, key] });
    },
  };
}

const END_COMMENT = `UPDATE comment SET lease_owner = NULL, error = $3::jsonb,
    status = CASE WHEN $3::jsonb IS NULL THEN 'posted' ELSE 'failed' END,
    posted_at = CASE WHEN $3::jsonb IS NULL THEN now() END
  WHERE id = $2 AND lease_owner = $1 AND status IN ('pending', 'posting')`;

export const createCommentQueue = (db: Queryable): CommentQueue => ({
  ...createWriteQueue(db, {
    table: 'comment',
    key: 'incident_id',
    running: 'posting',
    columns: 'w.sentinel_name, w.message',
    row: CommentClaim,
  }),
  end: async (owner, id, { error }) =>
    (await run(db, { text: END_COMMENT, values: [owner, id, json(error)] })) > 0,
});

const END_CHANGE = `UPDATE status_change SET lease_owner = NULL, status = $3, before = $4, after = $5, error = $6,
    completed_at = now()
  WHERE id = $2 AND lease_owner = $1 AND status IN ('pending', 'applying')`;

export const createStatusChangeQueue = (db: Queryable): StatusChangeQueue => ({
  ...createWriteQueue(db, {
    table: 'status_change',
    key: 'id',
    running: 'applying',
    columns: 'w.requested, w.basis, w.request_id',
    row: StatusChangeClaim,
  }),
  end: async (owner, id, { status, before, after, error }) => {
    const values = [owner, id, status, json(before), json(after), json(error)];
    return (await run(db, { text: END_CHANGE, values })) > 0;
  },
});

const WORKSPACE = `SELECT ${Object.keys(ConnectionColumns.shape).join(', ')}, deleted_at IS NULL AS is_connected,
    allow_status_changes FROM siem_provider WHERE id = $1`;

const WorkspaceRow = ConnectionColumns.extend({
  is_connected: z.boolean(),
  allow_status_changes: z.boolean(),
});

/** The workspace of a row, which cannot be gone while the row is there. */
export async function writeWorkspace(db: Queryable, providerId: string): Promise<WriteWorkspace> {
  const [row] = await rows(db, WorkspaceRow, {
    name: 'write-workspace',
    text: WORKSPACE,
    values: [providerId],
  });
  if (!row) throw new Error(`workspace ${providerId} has writes and no row`);
  return {
    connection: toConnection(row),
    isConnected: row.is_connected,
    allowsStatusChanges: row.allow_status_changes,
  };
}
