import type { ClaimedProvider, SkippedIncidents } from '@socmate/database';
import type { Logger } from '@socmate/runtime';
import type { SentinelIncidentPage, UnreadableIncident } from '@socmate/sentinel';
import { incidentSkipped, type PageCounts, pageStored } from './events.ts';
import { type StorePageDeps, storePage } from './store-page.ts';

export interface StoredPageDeps extends StorePageDeps {
  readonly skipped: SkippedIncidents;
  /** Tells the notifier about deliveries that have committed; never rejects. */
  readonly wakeNotifier: (endpointIds: readonly string[]) => Promise<void>;
  readonly log: Logger;
}

export interface StoredPage extends PageCounts {
  readonly pages: number;
  readonly firstSkipped: UnreadableIncident | undefined;
}

export const NO_PAGE: StoredPage = { pages: 0, inserted: 0, changed: 0, skipped: 0, firstSkipped: undefined };

async function keepSkipped(
  { skipped, log }: StoredPageDeps,
  provider: ClaimedProvider,
  page: SentinelIncidentPage,
  { left, before }: { readonly left: readonly UnreadableIncident[]; readonly before: number },
): Promise<void> {
  for (const incident of left) incidentSkipped(log, provider.id, incident);
  await skipped.record(provider.id, left);
  if (!provider.hasSkipped && before === 0) return;
  const refused = new Set(left.map(({ name }) => name));
  const stored = page.incidents.map(({ name }) => name).filter((name) => !refused.has(name));
  await skipped.forget(provider.id, stored);
}

/** Stores a page, keeps what of it could not be stored, and wakes the notifier; adds its counts to those so far. */
export async function storeAndTell(
  deps: StoredPageDeps,
  provider: ClaimedProvider,
  page: SentinelIncidentPage,
  soFar: StoredPage,
): Promise<StoredPage> {
  const { refused, endpointIds, ...counts } = await storePage(deps, provider, page.incidents);
  const left = [...page.unreadable, ...refused];
  const pages = soFar.pages + 1;
  pageStored(deps.log, provider.id, pages, { ...counts, skipped: left.length });
  if (endpointIds.length > 0) await deps.wakeNotifier(endpointIds);
  await keepSkipped(deps, provider, page, { left, before: soFar.skipped });
  return {
    pages,
    inserted: soFar.inserted + counts.inserted,
    changed: soFar.changed + counts.changed,
    skipped: soFar.skipped + left.length,
    firstSkipped: soFar.firstSkipped ?? left[0],
  };
}
