import type { SyncProvider } from '@socmate/contracts';
import type { ExclusiveRuns } from '../exclusive-runs.ts';

/** Safe to run twice: the row says whether the workspace is due, and only one run claims it. */
export const createSyncProvider =
  ({ runner }: { readonly runner: ExclusiveRuns }) =>
  ({ providerId }: SyncProvider, signal: AbortSignal): Promise<void> =>
    runner.run(providerId, signal);
