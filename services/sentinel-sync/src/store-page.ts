import {
  type ClaimedProvider,
  type IncidentPages,
  type IncidentRow,
  isRefusedData,
  type ProviderNaming,
  type StoredIncident,
} from '@socmate/database';
import { currentTraceparent } from '@socmate/runtime';
import type { SentinelIncident, UnreadableIncident } from '@socmate/sentinel';
import type { AlertCounts } from './events.ts';
import { incidentAlerts } from './incident-alerts.ts';

export interface PageOutcome {
  readonly inserted: number;
  readonly changed: number;
  readonly refused: readonly UnreadableIncident[];
  readonly alerted: AlertCounts;
  readonly endpointIds: readonly string[];
}

export interface StorePageDeps {
  readonly pages: IncidentPages;
  readonly publicUrl: string;
}

const toRow = ({ name, url, ...incident }: SentinelIncident): IncidentRow => ({
  ...incident,
  sentinelName: name,
  incidentUrl: url,
});

/** A page may hold an incident as it was and as it is. */
function newestByName(incidents: readonly SentinelIncident[]): Map<string, SentinelIncident> {
  const newest = new Map<string, SentinelIncident>();
  for (const incident of incidents) {
    const known = newest.get(incident.name);
    if (!known || Date.parse(known.lastModifiedAt) < Date.parse(incident.lastModifiedAt)) {
      newest.set(incident.name, incident);
    }
  }
  return newest;
}

const UNSTORABLE = 'it holds a value that the database refuses';
const COLLISION = 'another incident of the workspace has this number';

async function storeTogether(
  { pages, publicUrl }: StorePageDeps,
  provider: ClaimedProvider,
  incidents: ReadonlyMap<string, SentinelIncident>,
): Promise<PageOutcome> {
  const alerted = { new: 0, raised: 0 };
  const alertsFor = (stored: readonly StoredIncident[], naming: ProviderNaming) => {
    const changed = stored.flatMap((row) => {
      const incident = incidents.get(row.sentinelName);
      return incident ? [{ incident, stored: row }] : [];
    });
    const events = incidentAlerts({ ...provider, ...naming }, publicUrl, changed);
    for (const { traits } of events) if (traits.type === 'incident-alert') alerted[traits.reason] += 1;
    return events;
  };
  const { inserted, changed, collided, endpointIds } = await pages.store({
    providerId: provider.id,
    incidents: [...incidents.values()].map(toRow),
    alertsFor,
    traceparent: currentTraceparent(),
  });
  const refused = collided.map((name) => ({
    name,
    number: incidents.get(name)?.number ?? null,
    reason: COLLISION,
  }));
  return { inserted, changed, refused, alerted, endpointIds };
}

const sum = (outcomes: readonly PageOutcome[]): PageOutcome => ({
  inserted: outcomes.reduce((total, { inserted }) => total + inserted, 0),
  changed: outcomes.reduce((total, { changed }) => total + changed, 0),
  refused: outcomes.flatMap(({ refused }) => refused),
  alerted: {
    new: outcomes.reduce((total, { alerted }) => total + alerted.new, 0),
    raised: outcomes.reduce((total, { alerted }) => total + alerted.raised, 0),
  },
  endpointIds: [...new Set(outcomes.flatMap(({ endpointIds }) => endpointIds))],
});

async function storeApart(
  deps: StorePageDeps,
  provider: ClaimedProvider,
  incidents: ReadonlyMap<string, SentinelIncident>,
): Promise<PageOutcome> {
  const outcomes: PageOutcome[] = [];
  for (const [name, incident] of incidents) {
    try {
      outcomes.push(await storeTogether(deps, provider, new Map([[name, incident]])));
    } catch (fault) {
      if (!isRefusedData(fault)) throw fault;
      const refused = [{ name, number: incident.number, reason: UNSTORABLE }];
      outcomes.push({ inserted: 0, changed: 0, refused, alerted: { new: 0, raised: 0 }, endpointIds: [] });
    }
  }
  return sum(outcomes);
}

/** Stores a page in one transaction; one by one where Postgres refuses it, so that one incident stops no other. */
export async function storePage(
  deps: StorePageDeps,
  provider: ClaimedProvider,
  incidents: readonly SentinelIncident[],
): Promise<PageOutcome> {
  const newest = newestByName(incidents);
  try {
    return await storeTogether(deps, provider, newest);
  } catch (fault) {
    if (!isRefusedData(fault)) throw fault;
    return storeApart(deps, provider, newest);
  }
}
