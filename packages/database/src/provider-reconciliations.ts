import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';
import { type ClaimedProvider, SYNC_COLUMNS, type SyncClaim, SyncRow } from './provider-syncs.ts';
import { ownerIsDead } from './worker-leases.ts';

/** Which workspaces are to be compared with what Sentinel lists, apart from their syncs: the one waits for the other never. */
export interface ProviderReconciliations {
  /** Synced workspaces whose reconciliation is due, or was left by an owner that died. */
  due(limit: number): Promise<string[]>;
  /** Begins one that is due and counts the interval from now; one asked for while it runs is due after it. */
  claim(claim: SyncClaim, intervalS: number): Promise<ClaimedProvider | undefined>;
  isHeld(claim: SyncClaim): Promise<boolean>;
  /** What was created later than `until` has been compared. */
  saveProgress(claim: SyncClaim, until: string): Promise<void>;
  succeed(claim: SyncClaim): Promise<void>;
  fail(claim: SyncClaim, retryInS: number): Promise<void>;
  /** Gives an unfinished one to whoever takes it next. */
  release(claim: SyncClaim): Promise<void>;
}

const IS_DUE = `enabled AND deleted_at IS NULL AND watermark IS NOT NULL AND CASE WHEN reconcile_owner IS NULL
  THEN next_reconcile_at <= now() ELSE ${ownerIsDead('siem_provider.reconcile_owner')} END`;

const DUE = `SELECT id FROM siem_provider WHERE ${IS_DUE} ORDER BY next_reconcile_at, id LIMIT $1`;

const CLAIM = `UPDATE siem_provider SET reconcile_owner = $1, next_reconcile_at = now() + make_interval(secs => $3)
  WHERE id = $2 AND ${IS_DUE} RETURNING ${SYNC_COLUMNS}`;

const HELD = 'WHERE reconcile_owner = $1 AND id = $2';

const SUCCEED = `UPDATE siem_provider SET reconcile_owner = NULL, reconcile_until = NULL, last_reconciled_at = now() ${HELD}`;

const FAIL = `UPDATE siem_provider SET reconcile_owner = NULL,
  next_reconcile_at = least(next_reconcile_at, now() + make_interval(secs => $3)) ${HELD}`;

const RELEASE = `UPDATE siem_provider SET reconcile_owner = NULL, next_reconcile_at = now() ${HELD}`;

export function createProviderReconciliations(db: Queryable): ProviderReconciliations {
  const of = ({ owner, providerId }: SyncClaim): [string, string] => [owner, providerId];
  return {
    due: async (limit) => {
      const due = { name: 'due-reconciliations', text: DUE, values: [limit] };
      return (await rows(db, z.object({ id: z.string() }), due)).map(({ id }) => id);
    },
    claim: async (claim, intervalS) => {
      const [row] = await rows(db, SyncRow, { text: CLAIM, values: [...of(claim), intervalS] });
      return row;
    },
    isHeld: async (claim) => {
      const text = `SELECT id FROM siem_provider ${HELD} AND enabled AND deleted_at IS NULL`;
      return (await run(db, { name: 'reconciliation-is-held', text, values: of(claim) })) > 0;
    },
    saveProgress: async (claim, until) => {
      const text = `UPDATE siem_provider SET reconcile_until = $3 ${HELD}`;
      await run(db, { text, values: [...of(claim), until] });
    },
    succeed: async (claim) => {
      await run(db, { text: SUCCEED, values: of(claim) });
    },
    fail: async (claim, retryInS) => {
      await run(db, { text: FAIL, values: [...of(claim), retryInS] });
    },
    release: async (claim) => {
      await run(db, { text: RELEASE, values: of(claim) });
    },
  };
}
