import { RecoveryMode, RecoveryStatus } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';
import { candidates } from './recovery-candidates.ts';
import type { EndpointView } from './webhook-endpoints.ts';

const time = z.date().transform((date) => date.toISOString());

const RecoveryRow = z.object({
  id: z.string(),
  endpoint_id: z.string(),
  mode: RecoveryMode,
  /** Null for the modes that have no beginning of their own. */
  since: time.nullable(),
  status: RecoveryStatus,
  total: z.int(),
  done: z.int(),
  pending: z.int(),
  created_at: time,
  completed_at: time.nullable(),
});
export type RecoveryRecord = z.output<typeof RecoveryRow>;

export interface NewRecovery {
  readonly id: string;
  readonly endpointId: string;
  readonly mode: RecoveryMode;
  /** For the mode `since`. */
  readonly since?: Date | undefined;
  readonly createdBy: string;
}

export interface Recoveries {
  /** In a transaction that holds the endpoint's row: an endpoint has one running recovery at most. */
  create(recovery: NewRecovery): Promise<RecoveryRecord>;
  /** Once it is committed, for it reads every event in question: counts what there is to do, and lets it begin. */
  begin(id: string): Promise<RecoveryRecord>;
  /** The id of the endpoint's recovery that runs. */
  running(endpointId: string): Promise<string | undefined>;
  byId(id: string, view: EndpointView): Promise<RecoveryRecord | undefined>;
}

const PENDING_MAX = 10_000;

const PENDING = `(SELECT count(*)::int FROM (
    SELECT FROM delivery WHERE recovery_id = r.id AND status = 'pending' LIMIT ${PENDING_MAX}) AS waiting)`;

const COLUMNS = `r.id, r.endpoint_id, r.mode, CASE WHEN r.mode = 'since' THEN r.from_at END AS since, r.status,
  r.total, r.done, ${PENDING} AS pending, r.created_at, r.completed_at`;

// Whoever publishes has locked the endpoints that it found enabled, and so the table, until it commits.
const OPEN_PUBLISHERS = `ARRAY (SELECT DISTINCT virtualtransaction FROM pg_locks
  WHERE relation = 'webhook_endpoint'::regclass AND mode = 'RowShareLock' AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;

// The margin is for publishers that began before the endpoint was disabled and read it after. Should whoever is to
// count it die, a recovery begins by itself.
const CREATE = `INSERT INTO recovery (id, endpoint_id, mode, from_at, until_at, cursor_at, total, publishers, created_by, next_step_at)
  SELECT $1, $2, $3, range.from_at, clock_timestamp(), range.from_at, 0, ${OPEN_PUBLISHERS}, $5,
    now() + interval '10 seconds'
  FROM (SELECT CASE $3
    WHEN 'since' THEN $4::timestamptz
    WHEN 'missed' THEN COALESCE(
      (SELECT min(from_at) - interval '5 minutes' FROM endpoint_gap WHERE endpoint_id = $2), clock_timestamp())
    ELSE '-infinity' END AS from_at) AS range`;

const BEGIN = (mode: RecoveryMode): string => `UPDATE recovery AS r
  SET total = r.done + (SELECT count(*) FROM ${candidates(mode)}), next_step_at = now()
  WHERE r.id = $1 AND r.mode = '${mode}' AND r.status = 'running'`;

async function existing(db: Queryable, id: string): Promise<RecoveryRecord> {
  const recovery = await byId(db, id, undefined);
  if (!recovery) throw new Error(`recovery ${id} is gone`);
  return recovery;
}

async function byId(db: Queryable, id: string, view: EndpointView): Promise<RecoveryRecord | undefined> {
  const text = `SELECT ${COLUMNS} FROM recovery AS r JOIN webhook_endpoint AS e ON e.id = r.endpoint_id
    WHERE r.id = $1 AND ($2::text[] IS NULL OR e.providers <@ $2)`;
  const [row] = await rows(db, RecoveryRow, { text, values: [id, view ?? null] });
  return row;
}

export const createRecoveries = (db: Queryable): Recoveries => ({
  create: async ({ id, endpointId, mode, since, createdBy }) => {
    await run(db, { text: CREATE, values: [id, endpointId, mode, since ?? null, createdBy] });
    return existing(db, id);
  },
  begin: async (id) => {
    for (const mode of RecoveryMode.options) await run(db, { text: BEGIN(mode), values: [id] });
    return existing(db, id);
  },
  running: async (endpointId) => {
    const text = `SELECT id FROM recovery WHERE endpoint_id = $1 AND status = 'running'`;
    const [row] = await rows(db, z.object({ id: z.string() }), { text, values: [endpointId] });
    return row?.id;
  },
  byId: (id, view) => byId(db, id, view),
});
