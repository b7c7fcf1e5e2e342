import type { IncidentReconciliation } from '@socmate/database';
import { instantKey, type SentinelIncident, type SentinelIncidentPage } from '@socmate/sentinel';
import { incidentsDeleted } from './events.ts';
import { NO_PAGE, type StoredPage, storeAndTell } from './stored-page.ts';
import { type SyncRun, storePages } from './sync-run.ts';
import { createdSince } from './sync-window.ts';

/** How many incidents of one page are asked for by name, because the list left them out. */
const MAX_ASKED = 200;

export interface ReconcileDeps {
  readonly reconciliation: IncidentReconciliation;
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

/**
 * Compares what is stored with what Sentinel lists, by creation: it alone finds deletions, which no list of changes
 * shows, and stores what the syncs may have missed.
 */
export async function reconcile(run: SyncRun, deps: ReconcileDeps): Promise<Reconciled> {
  const { provider } = run;
  const since = createdSince(provider, deps.reconcileWindow);
  let until = 'infinity';
  let listed: string[] = [];
  let deleted = 0;
  const compare = async (page: SentinelIncidentPage): Promise<void> => {
    const names = [...page.incidents, ...page.unreadable].flatMap(({ name }) => name ?? []);
    listed = [...listed, ...names];
    const after = page.isLast ? since : oldestOf(page.incidents);
    if (after === undefined) return;
    const stretch = { providerId: provider.id, after, until, askedAt: provider.claimedAt, listed };
    const missing = await deps.reconciliation.missing(stretch, MAX_ASKED);
    deleted += await settleMissing(run, deps, missing);
    until = after;
    // Those of the same instant may be listed on both sides of the border.
    listed = names;
  };
  const stored = await storePages(run, { by: 'created', since }, NO_PAGE, compare);
  return { stored, deleted };
}
