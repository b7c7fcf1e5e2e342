import {
  IncidentChangesPage,
  IncidentChangesQuery,
  IncidentDetail,
  IncidentNumber,
  IncidentPage,
  IncidentPatch,
  MaxAge,
  ProviderRef,
} from '@socmate/contracts';
import type { IncidentRef } from '@socmate/database';
import { defineRoute, type Principal, type Route } from '@socmate/http';
import { notFound } from '@socmate/runtime';
import { z } from 'zod';
import { incidentDetailView } from '../incidents/incident-view.ts';
import { createListIncidents, IncidentListQuery } from '../incidents/list-incidents.ts';
import { createReadChanges } from '../incidents/read-changes.ts';
import { listedProviders, namedProviders } from '../visible-providers.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<
  RouteDeps,
  | 'clock'
  | 'cursors'
  | 'enrichments'
  | 'entities'
  | 'incidents'
  | 'providers'
  | 'publicUrl'
  | 'updateIncident'
>;

const PATH = '/api/v1/incidents';
const reading = { method: 'get', tag: 'Incidents', scope: 'incidents:read' } as const;
const Params = z.object({ number: IncidentNumber });
const OneQuery = z.object({ provider: ProviderRef.optional() });

function listRoute(deps: Deps): Route {
  const list = createListIncidents(deps);
  return defineRoute({
    ...reading,
    path: PATH,
    summary: 'List incidents',
    description:
      'For people: an incident that is stored late, with an old time, may appear behind a reader of `timespan`. Programs read `/api/v1/incidents/changes`.',
    query: IncidentListQuery.extend({ max_age: MaxAge.optional() }),
    response: IncidentPage,
    // A cursor keeps the time of its page, and freshness moves with the clock: neither is news.
    etag: ({ freshness: _freshness, next_cursor, ...page }) => ({ ...page, is_end: next_cursor === null }),
    handle: async ({ query, principal }) =>
      list(query, await listedProviders(deps.providers, principal, query.provider)),
  });
}

function changesRoute(deps: Deps): Route {
  const read = createReadChanges(deps);
  return defineRoute({
    ...reading,
    path: `${PATH}/changes`,
    summary: 'Read incidents as they change',
    description:
      'For programs: nothing is missed and each change comes once, in the order in which changes became visible. Of an incident that changed several times since, the last state comes. Keep `next_cursor` and ask again with it; while `has_more` is true, at once.',
    query: IncidentChangesQuery,
    response: IncidentChangesPage,
    etag: ({ items, has_more }) => [items.map(({ id, change_seq }) => [id, change_seq]), has_more],
    handle: async ({ query, principal }) =>
      read(query, await listedProviders(deps.providers, principal, query.provider)),
  });
}

type Input = {
  params: z.output<typeof Params>;
  query: z.output<typeof OneQuery>;
  principal: Principal;
};

async function refOf({ providers }: Deps, { params, query, principal }: Input): Promise<IncidentRef> {
  return {
    number: params.number,
    providerIds: await namedProviders(providers, principal, query.provider),
  };
}

async function readOne(
  { enrichments, entities, incidents, publicUrl }: Deps,
  input: Input,
  ref: IncidentRef,
) {
  const incident = await incidents.byNumber(ref);
  if (!incident) throw notFound('incident', ref.number);
  const isLimited = input.principal.providers.length > 0;
  return incidentDetailView(publicUrl, incident, {
    entities: await entities.ofIncident(incident.id),
    enrichment: await enrichments.latest(incident.id),
    isLimited,
  });
}

const oneRoute = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    path: `${PATH}/{number}`,
    summary: 'Read an incident',
    description:
      'Where workspaces share a number and `provider` is not given, the default workspace comes first.',
    params: Params,
    query: OneQuery,
    response: IncidentDetail,
    etag: (incident) => incident,
    handle: async (input) => readOne(deps, input, await refOf(deps, input)),
  });

const patchRoute = (deps: Deps): Route =>
  defineRoute({
    method: 'patch',
    tag: 'Incidents',
    path: `${PATH}/{number}`,
    summary: 'Change an incident’s notes, tags or assignee',
    description: "SoCMate's own fields only; null clears one. Sentinel's fields stay as they are.",
    scope: 'incidents:write',
    params: Params,
    query: OneQuery,
    body: IncidentPatch,
    response: IncidentDetail,
    handle: async (input) => {
      const ref = await refOf(deps, input);
      await deps.updateIncident(ref, input.body, input);
      return readOne(deps, input, ref);
    },
  });

/** `GET /incidents` and `/incidents/changes`, `GET` and `PATCH /incidents/{number}`. */
export const incidentRoutes = (deps: Deps): Route[] => [
  listRoute(deps),
  changesRoute(deps),
  oneRoute(deps),
  patchRoute(deps),
];
