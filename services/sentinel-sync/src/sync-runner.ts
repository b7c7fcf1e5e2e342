import {
  type ClaimedProvider,
  databaseAway,
  type Heartbeat,
  type ProviderSyncs,
  type SyncClaim,
  type SyncEndings,
  type SyncError,
} from '@socmate/database';
import { AppError } from '@socmate/runtime';
import { syncFailed, syncStopped, syncSucceeded } from './events.ts';
import { createExclusiveRuns, type ExclusiveRuns } from './exclusive-runs.ts';
import { runSync, type SyncResult, type SyncRunDeps } from './sync-run.ts';

const FIRST_RETRY_S = 5;

export interface SyncRunnerDeps extends SyncRunDeps {
  readonly syncs: ProviderSyncs;
  readonly endings: SyncEndings;
  readonly owner: string;
  readonly heartbeat: Pick<Heartbeat, 'isAlive'>;
  readonly defaultIntervalS: number;
  /** How long after the first sync the first reconciliation is due. */
  readonly reconcileIntervalS: number;
  readonly concurrency: number;
}

function problemOf({ skipped, firstSkipped }: SyncResult): SyncError | null {
  if (!firstSkipped) return null;
  const which = firstSkipped.number ?? firstSkipped.name ?? 'without a number';
  const rest = skipped > 1 ? ` and ${skipped - 1} more` : '';
  return {
    code: 'incidents_skipped',
    message: `Incident ${which}${rest} could not be stored: ${firstSkipped.reason}`,
  };
}

const INTERNAL = 'The sync failed for a reason of its own, which the log of sentinel-sync tells';

function errorOf(fault: unknown): SyncError {
  const told = fault instanceof AppError ? fault : databaseAway(fault);
  return told ? { code: told.code, message: told.message } : { code: 'internal', message: INTERNAL };
}

/** Doubles from five seconds up to the workspace's interval, and is never shorter than Azure asks for. */
export function retryInS(
  provider: Pick<ClaimedProvider, 'consecutiveFailures' | 'intervalS'>,
  fault: unknown,
): number {
  const backoffS = FIRST_RETRY_S * 2 ** Math.min(provider.consecutiveFailures, 20);
  const askedS = fault instanceof AppError ? (fault.retryAfterS ?? 0) : 0;
  return Math.max(askedS, Math.min(backoffS, Math.max(provider.intervalS, FIRST_RETRY_S)));
}

const wake = async ({ wakeNotifier }: SyncRunnerDeps, endpointIds: readonly string[]): Promise<void> => {
  if (endpointIds.length > 0) await wakeNotifier(endpointIds);
};

async function sync(deps: SyncRunnerDeps, claim: SyncClaim, signal: AbortSignal): Promise<void> {
  const { syncs, log, clients, reconcileIntervalS } = deps;
  const provider = await syncs.claim(claim, deps.defaultIntervalS);
  if (!provider) return log.debug({ providerId: claim.providerId }, 'workspace is not due, or gone');
  const start = performance.now();
  try {
    const isHeld = () => syncs.isHeld(claim);
    const result = await runSync({ deps, claim, provider, signal, isHeld });
    const end = { watermark: result.watermark, problem: problemOf(result), reconcileInS: reconcileIntervalS };
    await wake(deps, await deps.endings.succeed(claim, end));
    const durationMs = Math.round(performance.now() - start);
    syncSucceeded(log, provider, { ...result, durationMs });
  } catch (err) {
    // The token may be what is wrong.
    clients.forget(provider.id);
    if (signal.aborted) {
      syncStopped(log, provider);
      return syncs.release(claim);
    }
    const failure = { error: errorOf(err), retryInS: retryInS(provider, err) };
    syncFailed(log, provider, { err, ...failure });
    await wake(deps, await deps.endings.fail(claim, failure));
  }
}

/** The syncs of this replica: of each workspace one at a time, here and among all replicas. */
export function createSyncRunner(deps: SyncRunnerDeps): ExclusiveRuns {
  const { owner, syncs, heartbeat, concurrency } = deps;
  return createExclusiveRuns({
    heartbeat,
    concurrency,
    work: (providerId, signal) => sync(deps, { owner, providerId }, signal),
    release: (providerId) => syncs.release({ owner, providerId }),
  });
}
