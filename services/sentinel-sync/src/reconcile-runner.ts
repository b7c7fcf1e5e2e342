import type { Heartbeat, ProviderReconciliations, SyncClaim } from '@socmate/database';
import { AppError } from '@socmate/runtime';
import { reconciled, reconciliationFailed, syncStopped } from './events.ts';
import { createExclusiveRuns, type ExclusiveRuns } from './exclusive-runs.ts';
import { type ReconcileDeps, reconcile } from './reconcile.ts';
import type { SyncRunDeps } from './sync-run.ts';

const RETRY_S = 300;
/** A reconciliation is in no hurry, and shares the process with syncs that are. */
const CONCURRENCY = 2;

export interface ReconcileRunnerDeps extends ReconcileDeps {
  readonly sync: SyncRunDeps;
  readonly reconciliations: ProviderReconciliations;
  readonly owner: string;
  readonly heartbeat: Pick<Heartbeat, 'isAlive'>;
  readonly reconcileIntervalS: number;
}

async function run(deps: ReconcileRunnerDeps, claim: SyncClaim, signal: AbortSignal): Promise<void> {
  const { reconciliations, sync } = deps;
  const provider = await reconciliations.claim(claim, deps.reconcileIntervalS);
  if (!provider) return;
  const start = performance.now();
  try {
    const isHeld = () => reconciliations.isHeld(claim);
    const { stored, deleted } = await reconcile({ deps: sync, claim, provider, signal, isHeld }, deps);
    await reconciliations.succeed(claim);
    reconciled(sync.log, provider, { ...stored, deleted, durationMs: Math.round(performance.now() - start) });
  } catch (err) {
    sync.clients.forget(provider.id);
    if (signal.aborted) {
      syncStopped(sync.log, provider);
      return reconciliations.release(claim);
    }
    const retryInS = Math.max(RETRY_S, err instanceof AppError ? (err.retryAfterS ?? 0) : 0);
    reconciliationFailed(sync.log, provider, { err, retryInS });
    await reconciliations.fail(claim, retryInS);
  }
}

/** The reconciliations of this replica: of each workspace one at a time, here and among all replicas. */
export function createReconcileRunner(deps: ReconcileRunnerDeps): ExclusiveRuns {
  const { owner, heartbeat, reconciliations } = deps;
  return createExclusiveRuns({
    heartbeat,
    concurrency: CONCURRENCY,
    work: (providerId, signal) => run(deps, { owner, providerId }, signal),
    release: (providerId) => reconciliations.release({ owner, providerId }),
  });
}
