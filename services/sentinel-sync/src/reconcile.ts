import type { IncidentReconciliation, ListedStretch, ProviderReconciliations } from '@socmate/database';
import { instantKey, type SentinelIncident, type SentinelIncidentPage } from '@socmate/sentinel';
import { incidentsDeleted } from './events.ts';
import { NO_PAGE, type StoredPage, storeAndTell } from './stored-page.ts';
import { SAVE_EVERY, type SyncRun, storePages } from './sync-run.ts';
import { createdSince } from './sync-window.ts';

/** How many incidents that a list left out are looked up at a time. */
const LOOKUPS = 200;

export interface ReconcileDeps {
  readonly reconciliation: IncidentReconciliation;
  readonly reconciliations: Pick<ProviderReconciliations, 'saveProgress'>;
  /** ISO 8601 duration: how far back, by creation, what is stored is compared with what Sentinel lists. */
  readonly reconcileWindow: string;
}

export interface Reconciled {
  readonly stored: StoredPage;
  readonly deleted: number;
}

const oldestOf = (incidents: readonly SentinelIncident[]): string | undefined =>
  incidents.map(({ createdAt }) => createdAt).toSorted((a, b) => (instantKey(a) < instantKey(b) ? -1 : 1))[0];

/** What the list left out may have been deleted, or be newer than the page says: only asking by name tells. */
async function settleMissing(
  run: SyncRun,
  { reconciliation }: ReconcileDeps,
  names: readonly string[],
): Promise<number> {
  const { deps, provider, signal } = run;
  const client = deps.clients.of(provider);
  const gone: string[] = [];
  for (const name of names) {
    const incident = await client.incident(name, signal);
    if (incident)
      await storeAndTell(deps, provider, { incidents: [incident], unreadable: [], isLast: true }, NO_PAGE);
    else gone.push(name);
  }
  const deleted = await reconciliation.markDeleted(provider.id, gone);
  if (deleted > 0) incidentsDeleted(deps.log, provider.id, deleted);
  return deleted;
}

/** Settles what was not listed, and asks again as long as there is more than fits. */
async function compareStretch(
  run: SyncRun,
  deps: ReconcileDeps,
  stretch: Omit<ListedStretch, 'providerId' | 'askedAt'>,
): Promise<number> {
  const { id: providerId, claimedAt: askedAt } = run.provider;
  let listed = stretch.listed;
  let deleted = 0;
  for (;;) {
    const missing = await deps.reconciliation.missing({ ...stretch, providerId, askedAt, listed }, LOOKUPS);
    deleted += await settleMissing(run, deps, missing);
    if (missing.length < LOOKUPS) return deleted;
    listed = [...listed, ...missing];
  }
}

/**
 * Compares what is stored with what Sentinel lists, by creation: it alone finds deletions, which no list of changes
 * shows, and stores what the syncs may have missed. One that was interrupted is taken up where it stopped.
 */
export async function reconcile(run: SyncRun, deps: ReconcileDeps): Promise<Reconciled> {
  const { provider, claim } = run;
  const since = createdSince(provider, deps.reconcileWindow);
  const from = provider.reconcileUntil ?? undefined;
  let until = from ?? 'infinity';
  let listed: string[] = [];
  let deleted = 0;
  const compare = async (page: SentinelIncidentPage, { pages }: StoredPage): Promise<void> => {
    const names = [...page.incidents, ...page.unreadable].flatMap(({ name }) => name ?? []);
    listed = [...listed, ...names];
    const after = page.isLast ? since : oldestOf(page.incidents);
    if (after === undefined) return;
    deleted += await compareStretch(run, deps, { after, until, listed });
    until = after;
    // Those of the same instant may be listed on both sides of the border.
    listed = names;
    if (pages % SAVE_EVERY === 0) await deps.reconciliations.saveProgress(claim, until);
  };
  const stored = await storePages(run, { by: 'created', since, until: from }, NO_PAGE, compare);
  if (from === undefined) await run.deps.skipped.forgetUnseen(provider.id, provider.claimedAt);
  return { stored, deleted };
}
