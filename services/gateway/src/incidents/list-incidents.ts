import { DEFAULT_TIMESPAN, IncidentFilters, type IncidentPage, PageQuery, toPage } from '@socmate/contracts';
import type { CursorCodec } from '@socmate/crypto';
import type { IncidentListing, Incidents, ProviderView } from '@socmate/database';
import type { Clock } from '@socmate/runtime';
import type { z } from 'zod';
import { createListCursors, filterText, type Window } from '../list-cursor.ts';
import { timespanWindow } from '../timespan-window.ts';
import { createCountCache } from './count-cache.ts';
import { assertFresh, freshnessView } from './freshness.ts';
import { incidentFilter, incidentOrder } from './incident-filter.ts';
import { incidentView } from './incident-view.ts';

export interface ListIncidentsDeps {
  readonly incidents: Incidents;
  readonly cursors: CursorCodec;
  readonly clock: Clock;
  readonly publicUrl: string;
}

export const IncidentListQuery = PageQuery.extend(IncidentFilters.shape);
export type IncidentListQuery = z.output<typeof IncidentListQuery>;

type ListIncidents = (query: IncidentListQuery, view: ProviderView) => Promise<z.output<typeof IncidentPage>>;

/** An incident that is asked for by its number is found however old it is. */
function windowOf({ timespan, defender_id }: IncidentListQuery, now: Date) {
  if (timespan === undefined && defender_id !== undefined) return { from: null, to: null };
  return timespanWindow(timespan ?? DEFAULT_TIMESPAN, now);
}

/** The total where the page itself tells it. */
function countedByPage({ offset }: IncidentListQuery, { incidents, next }: IncidentListing) {
  const isEnd = next === null && (incidents.length > 0 || offset === 0);
  return isEnd ? offset + incidents.length : undefined;
}

/** To put so many in order costs about what walking to the twentieth of them does, in a million. */
const FEW_MAX = 2_000;

const hasWords = ({ q, tag }: IncidentListQuery): boolean => q !== undefined || tag !== undefined;

/** One page of incidents; `view` holds the workspaces that the caller may see and the query names. */
export function createListIncidents(deps: ListIncidentsDeps): ListIncidents {
  const { incidents, clock, publicUrl } = deps;
  const path = '/api/v1/incidents';
  const listCursors = createListCursors(deps.cursors, path);
  const counts = createCountCache(clock);
  return async (query, view) => {
    const { after, window: kept } = listCursors.open(query);
    const now = clock.now();
    const { from, to } = kept ?? windowOf(query, now);
    const filter = incidentFilter(query, { from: from ?? null, to: to ?? null }, view);
    const key = JSON.stringify([filterText(path, query), view]);
    const count = (): Promise<number> => counts.count(key, () => incidents.count(filter));
    const known = kept?.counted ?? (hasWords(query) ? await count() : undefined);
    const areFew = hasWords(query) && known !== undefined && known <= FEW_MAX;
    const { limit, offset } = query;
    const page = { order: incidentOrder(query), limit, offset, after, areFew };
    const [fresh, listing] = await Promise.all([incidents.freshness(view), incidents.list(filter, page)]);
    assertFresh(fresh, query, now);
    const counted = (after ? undefined : countedByPage(query, listing)) ?? known ?? (await count());
    const window: Window = { from: from ?? undefined, to, counted };
    const items = listing.incidents.map((incident) => incidentView(publicUrl, incident));
    const next = listCursors.next(query, listing.next, window);
    return { ...toPage(items, counted, query, next), freshness: freshnessView(fresh) };
  };
}
