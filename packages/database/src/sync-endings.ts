import type { Making } from './event-publishing.ts';
import { type Pool, transaction } from './pool.ts';
import { publishProviderHealth } from './provider-health.ts';
import { createProviderSyncs, type ProviderSyncs, type SyncClaim } from './provider-syncs.ts';

/** How a sync ends, with the events that this causes: they commit together. Each answers the endpoints to wake. */
export interface SyncEndings {
  succeed(claim: SyncClaim, result: Parameters<ProviderSyncs['succeed']>[1]): Promise<string[]>;
  fail(claim: SyncClaim, fault: Parameters<ProviderSyncs['fail']>[1]): Promise<string[]>;
}

export function createSyncEndings(pool: Pool, making: Making): SyncEndings {
  const end = (
    { providerId }: SyncClaim,
    change: (syncs: ProviderSyncs) => Promise<boolean>,
  ): Promise<string[]> =>
    transaction(pool, async (db) =>
      (await change(createProviderSyncs(db))) ? publishProviderHealth(db, making, providerId) : [],
    );
  return {
    succeed: (claim, result) => end(claim, (syncs) => syncs.succeed(claim, result)),
    fail: (claim, fault) => end(claim, (syncs) => syncs.fail(claim, fault)),
  };
}
