import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';
import { ConnectionColumns, toConnection } from './provider-connection.ts';
import { ownerIsDead } from './worker-leases.ts';

/** How far an interrupted sync came, newest first; times are RFC 3339 as Sentinel sent them. */
export const UnfinishedSync = z.object({ since: z.string(), top: z.string(), reached: z.string() });
export type UnfinishedSync = z.output<typeof UnfinishedSync>;

export const SyncRow = ConnectionColumns.extend({
  is_default: z.boolean(),
  first_window: z.string(),
  alert_backlog: z.boolean(),
  include_closed: z.boolean(),
  connected_at: z.date(),
  watermark: z.date().nullable(),
  consecutive_failures: z.int(),
  unfinished: UnfinishedSync.nullable().catch(null),
  reconcile_until: z.string().nullable(),
  has_skipped: z.boolean(),
  interval_s: z.number(),
  claimed_at: z.date(),
}).transform((row) => ({
  ...toConnection(row),
  isDefault: row.is_default,
  firstWindow: row.first_window,
  alertBacklog: row.alert_backlog,
  includeClosed: row.include_closed,
  connectedAt: row.connected_at,
  watermark: row.watermark,
  consecutiveFailures: row.consecutive_failures,
  unfinished: row.unfinished,
  reconcileUntil: row.reconcile_until,
  hasSkipped: row.has_skipped,
  intervalS: row.interval_s,
  claimedAt: row.claimed_at,
}));

/** A workspace as its sync begins. */
export type ClaimedProvider = z.output<typeof SyncRow>;

/** Which incarnation of a worker holds which workspace. */
export interface SyncClaim {
  readonly owner: string;
  readonly providerId: string;
}

export interface SyncError {
  readonly code: string;
  readonly message: string;
}

export interface DueProvider {
  readonly id: string;
  readonly lagMs: number;
}

export interface ProviderSyncs {
  /** Workspaces whose sync is due, or was left by an owner that died; the longest due first. */
  due(limit: number): Promise<DueProvider[]>;
  /** Begins a sync that is due and counts the interval from now; one asked for while it runs is due after it. */
  claim(claim: SyncClaim, defaultIntervalS: number): Promise<ClaimedProvider | undefined>;
  /** Not where another has taken it over, nor where the workspace was disabled or disconnected meanwhile. */
  isHeld(claim: SyncClaim): Promise<boolean>;
  /** What the next sync need not read again, should this one not get through. */
  saveProgress(claim: SyncClaim, unfinished: UnfinishedSync): Promise<void>;
  /**
   * The watermark never moves back, nor beyond Postgres's own time. The first sync has just read all: the first
   * reconciliation is due in so many seconds. False where the claim was lost: nothing changes.
   */
  succeed(
    claim: SyncClaim,
    result: { watermark: Date | undefined; problem: SyncError | null; reconcileInS: number },
  ): Promise<boolean>;
  /** False where the claim was lost: nothing changes. */
  fail(claim: SyncClaim, fault: { error: SyncError; retryInS: number }): Promise<boolean>;
  /** Gives an unfinished sync to whoever takes it next. */
  release(claim: SyncClaim): Promise<void>;
}

const ACTIVE = 'enabled AND deleted_at IS NULL';
const OWNER_IS_DEAD = ownerIsDead('siem_provider.sync_owner');

const IS_DUE = `${ACTIVE} AND CASE WHEN sync_owner IS NULL THEN next_sync_at <= now() ELSE ${OWNER_IS_DEAD} END`;

const DUE = `SELECT id, greatest(0, extract(epoch FROM now() - next_sync_at) * 1000)::float8 AS lag_ms
  FROM siem_provider WHERE ${IS_DUE} ORDER BY next_sync_at, id LIMIT $1`;

/** What `SyncRow` parses, of a row of `siem_provider`; `$3` are the seconds between two syncs unless it says its own. */
export const SYNC_COLUMNS = `${Object.keys(ConnectionColumns.shape).join(', ')}, is_default, first_window, alert_backlog,
    include_closed, connected_at, watermark, consecutive_failures, unfinished, reconcile_until,
    EXISTS (SELECT FROM skipped_incident WHERE provider_id = siem_provider.id) AS has_skipped,
    COALESCE(sync_interval_s, $3)::float8 AS interval_s, now() AS claimed_at`;

const CLAIM = `UPDATE siem_provider SET sync_owner = $1,
    next_sync_at = now() + make_interval(secs => COALESCE(sync_interval_s, $3))
  WHERE id = $2 AND ${IS_DUE}
  RETURNING ${SYNC_COLUMNS}`;

const SUCCEED = `UPDATE siem_provider SET sync_owner = NULL, last_synced_at = now(), consecutive_failures = 0,
    failing_since = NULL, last_error = $4, unfinished = NULL,
    next_reconcile_at = CASE WHEN last_synced_at IS NULL THEN now() + make_interval(secs => $5) ELSE next_reconcile_at END,
    watermark = CASE WHEN $3::timestamptz IS NULL THEN watermark ELSE greatest(watermark, least($3, now())) END
  WHERE id = $2 AND sync_owner = $1`;

const FAIL = `UPDATE siem_provider SET sync_owner = NULL, last_error = $4,
    failing_since = CASE WHEN consecutive_failures > 0 THEN COALESCE(failing_since, now()) ELSE now() END,
    consecutive_failures = consecutive_failures + 1, next_sync_at = now() + make_interval(secs => $3)
  WHERE id = $2 AND sync_owner = $1`;

const RELEASE = `UPDATE siem_provider SET sync_owner = NULL, next_sync_at = now()
  WHERE id = $2 AND sync_owner = $1`;

const DueRow = z.object({ id: z.string(), lag_ms: z.number() });

export function createProviderSyncs(db: Queryable): ProviderSyncs {
  const of = ({ owner, providerId }: SyncClaim): [string, string] => [owner, providerId];
  return {
    due: async (limit) => {
      const found = await rows(db, DueRow, { name: 'due-providers', text: DUE, values: [limit] });
      return found.map((row) => ({ id: row.id, lagMs: row.lag_ms }));
    },
    claim: async (claim, defaultIntervalS) => {
      const [row] = await rows(db, SyncRow, { text: CLAIM, values: [...of(claim), defaultIntervalS] });
      return row;
    },
    isHeld: async (claim) => {
      const text = `SELECT id FROM siem_provider WHERE sync_owner = $1 AND id = $2 AND ${ACTIVE}`;
      return (await run(db, { name: 'sync-is-held', text, values: of(claim) })) > 0;
    },
    saveProgress: async (claim, unfinished) => {
      const text = 'UPDATE siem_provider SET unfinished = $3 WHERE sync_owner = $1 AND id = $2';
      await run(db, { name: 'save-sync-progress', text, values: [...of(claim), unfinished] });
    },
    succeed: async (claim, { watermark, problem, reconcileInS }) =>
      (await run(db, { text: SUCCEED, values: [...of(claim), watermark ?? null, problem, reconcileInS] })) >
      0,
    fail: async (claim, { error, retryInS }) =>
      (await run(db, { text: FAIL, values: [...of(claim), retryInS, error] })) > 0,
    release: async (claim) => {
      await run(db, { text: RELEASE, values: of(claim) });
    },
  };
}
