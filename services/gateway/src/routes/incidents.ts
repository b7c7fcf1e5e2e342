import {
  Incident,
  IncidentDetail,
  IncidentFilters,
  IncidentNumber,
  IncidentPatch,
  PageQuery,
  ProviderRef,
  pageOf,
  toPage,
} from '@socmate/contracts';
import { defineRoute, type Principal, type Route } from '@socmate/http';
import { notFound } from '@socmate/runtime';
import { z } from 'zod';
import { incidentFilter, incidentOrder } from '../incidents/incident-filter.ts';
import { incidentDetailView, incidentView } from '../incidents/incident-view.ts';
import { createListCursors } from '../list-cursor.ts';
import { timespanWindow } from '../timespan-window.ts';
import { namedProviders } from '../visible-providers.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<RouteDeps, 'clock' | 'cursors' | 'incidents' | 'providers' | 'publicUrl' | 'updateIncident'>;

const PATH = '/api/v1/incidents';
const tag = 'Incidents';
const Params = z.object({ number: IncidentNumber });
const OneQuery = z.object({ provider: ProviderRef.optional() });
const ListQuery = PageQuery.extend(IncidentFilters.shape);

function listRoute({ incidents, providers, cursors, clock, publicUrl }: Deps): Route {
  const listCursors = createListCursors(cursors, PATH);
  return defineRoute({
    method: 'get',
    path: PATH,
    tag,
    summary: 'List incidents',
    description:
      'For people: an incident that is stored late, with an old time, may appear behind a reader of `timespan`.',
    scope: 'incidents:read',
    query: ListQuery,
    response: pageOf(Incident),
    handle: async ({ query, principal }) => {
      const { after, window = {} } = listCursors.open(query);
      const parsed = timespanWindow(query.timespan, clock.now());
      const { from = parsed.from, to = parsed.to } = window;
      const filter = incidentFilter(
        query,
        { from, to },
        await namedProviders(providers, principal, query.provider),
      );
      const page = { order: incidentOrder(query), limit: query.limit, offset: query.offset, after };
      const [listing, counted] = await Promise.all([incidents.list(filter, page), incidents.count(filter)]);
      const items = listing.incidents.map((incident) => incidentView(publicUrl, incident));
      return toPage(items, counted, query, listCursors.next(query, listing.next, { from, to }));
    },
  });
}

type Input = {
  params: z.output<typeof Params>;
  query: z.output<typeof OneQuery>;
  principal: Principal;
};

async function refOf({ providers }: Deps, { params, query, principal }: Input) {
  return {
    number: params.number,
    providerIds: await namedProviders(providers, principal, query.provider),
  };
}

async function read({ incidents, publicUrl }: Deps, ref: Awaited<ReturnType<typeof refOf>>) {
  const incident = await incidents.byNumber(ref);
  if (!incident) throw notFound('incident', ref.number);
  return incidentDetailView(publicUrl, incident);
}

/** `GET /incidents`, `GET` and `PATCH /incidents/{number}`. */
export const incidentRoutes = (deps: Deps): Route[] => [
  listRoute(deps),
  defineRoute({
    method: 'get',
    path: `${PATH}/{number}`,
    tag,
    summary: 'Read an incident',
    description:
      'Where workspaces share a number and `provider` is not given, the default workspace comes first.',
    scope: 'incidents:read',
    params: Params,
    query: OneQuery,
    response: IncidentDetail,
    handle: async (input) => read(deps, await refOf(deps, input)),
  }),
  defineRoute({
    method: 'patch',
    path: `${PATH}/{number}`,
    tag,
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
      return read(deps, ref);
    },
  }),
];
