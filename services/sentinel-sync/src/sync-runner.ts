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
import { reconciled, syncFailed, syncStopped, syncSucceeded } from './events.ts';
import { type ReconcileDeps, reconcile } from './reconcile.ts';
import { runSync, type SyncResult, type SyncRun, type SyncRunDeps } from './sync-run.ts';

const FIRST_RETRY_S = 5;

export interface SyncRunnerDeps extends SyncRunDeps, ReconcileDeps {
  readonly syncs: ProviderSyncs;
  readonly endings: SyncEndings;
  readonly owner: string;
  readonly heartbeat: Pick<Heartbeat, 'isAlive'>;
  readonly defaultIntervalS: number;
  /** How often what is stored is compared with what Sentinel lists. */
  readonly reconcileIntervalS: number;
  readonly concurrency: number;
}

/** The syncs of this replica: of each workspace one at a time, here and among all replicas. */
export interface SyncRunner {
  readonly hasRoom: boolean;
  /** Syncs a workspace that is due; does nothing for one that is not, is gone, or is being synced. */
  run(providerId: string, signal?: AbortSignal): Promise<void>;
  /** Gives back what this replica holds and does not sync: claims whose end could not be written. */
  freeLost(): Promise<void>;
  /** Stops after the page being stored; what was not finished is due for whoever takes it. */
  close(): Promise<void>;
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

/** After a sync, under its claim; the first one comes an interval after the first sync, which has just read all. */
async function reconcileIfDue(deps: SyncRunnerDeps, run: SyncRun): Promise<void> {
  const { provider, claim } = run;
  if (!provider.isReconcileDue) return;
  const start = performance.now();
  const isDone = provider.watermark !== null;
  if (isDone) {
    const { stored, deleted } = await reconcile(run, deps);
    const durationMs = Math.round(performance.now() - start);
    reconciled(deps.log, provider, { ...stored, deleted, durationMs });
  }
  await deps.syncs.planReconcile(claim, { isDone, dueInS: deps.reconcileIntervalS });
}

const wake = async ({ wakeNotifier }: SyncRunnerDeps, endpointIds: readonly string[]): Promise<void> => {
  if (endpointIds.length > 0) await wakeNotifier(endpointIds);
};

async function syncClaimed(deps: SyncRunnerDeps, run: SyncRun): Promise<void> {
  const { claim, provider } = run;
  const start = performance.now();
  const result = await runSync(run);
  await reconcileIfDue(deps, run);
  const ended = { watermark: result.watermark, problem: problemOf(result) };
  await wake(deps, await deps.endings.succeed(claim, ended));
  const durationMs = Math.round(performance.now() - start);
  syncSucceeded(deps.log, provider, { ...result, durationMs });
}

async function sync(deps: SyncRunnerDeps, claim: SyncClaim, signal: AbortSignal): Promise<void> {
  const { syncs, log, clients } = deps;
  const provider = await syncs.claim(claim, deps.defaultIntervalS);
  if (!provider) return log.debug({ providerId: claim.providerId }, 'workspace is not due, or gone');
  try {
    await syncClaimed(deps, { deps, claim, provider, signal });
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

export function createSyncRunner(deps: SyncRunnerDeps): SyncRunner {
  const { owner, syncs, heartbeat, concurrency } = deps;
  const running = new Map<string, Promise<void>>();
  const lost = new Set<string>();
  const stop = new AbortController();
  const start = async (providerId: string, signal: AbortSignal): Promise<void> => {
    try {
      await sync(deps, { owner, providerId }, signal);
    } catch (fault) {
      lost.add(providerId);
      throw fault;
    } finally {
      running.delete(providerId);
    }
  };
  return {
    get hasRoom() {
      return running.size < concurrency;
    },
    run: async (providerId, signal) => {
      if (stop.signal.aborted || running.has(providerId) || lost.has(providerId)) return;
      if (!heartbeat.isAlive())
        throw new AppError('unavailable', 'this replica’s heartbeat is late, so it must not claim');
      const work = start(providerId, signal ? AbortSignal.any([stop.signal, signal]) : stop.signal);
      running.set(providerId, work);
      await work;
    },
    freeLost: async () => {
      for (const providerId of lost) {
        await syncs.release({ owner, providerId });
        lost.delete(providerId);
      }
    },
    close: async () => {
      stop.abort();
      await Promise.allSettled(running.values());
    },
  };
}
