import {
  EntityGraph,
  EntityGraphQuery,
  GraphPath,
  GraphValue,
  IncidentGraph,
  IncidentNumber,
  PathQuery,
  ProviderRef,
  queryInt,
  RelatedIncidentList,
  SurroundingsQuery,
} from '@socmate/contracts';
import type { ProviderView } from '@socmate/database';
import { defineRoute, type Principal, type Route } from '@socmate/http';
import {
  type GraphPlace,
  type Neighbourhood,
  neighbourhood,
  relatedIncidents,
  shortestPath,
} from '@socmate/knowledge-graph';
import { invalidField } from '@socmate/runtime';
import { z } from 'zod';
import type { EntityRef } from '../graph/graph-questions.ts';
import { aliasesSeen, edgeViews, nodeView } from '../graph/graph-view.ts';
import { visibleProviders } from '../visible-providers.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<RouteDeps, 'graphQuestions'>;

const PATH = '/api/v1/graph';
const AWAY = { 503: 'Neo4j is away; `Retry-After` says when to ask again' };
const reading = { method: 'get', tag: 'Graph', scope: 'graph:read', alsoAnswers: AWAY } as const;
const IncidentParams = z.object({ number: IncidentNumber });

interface Walking {
  readonly depth: number;
  readonly limit: number;
  readonly relation?: z.output<typeof SurroundingsQuery>['relation'];
}

/** A node that the graph does not have yet has no neighbours yet. */
async function surroundings(
  { graphQuestions }: Deps,
  place: GraphPlace,
  walking: Walking,
  principal: Principal,
) {
  const view = { providerIds: visibleProviders(principal), relations: walking.relation };
  const found = await graphQuestions.ask((graph) => neighbourhood(graph, place, view, walking));
  return toSurroundings(found, view.providerIds);
}

function toSurroundings(found: Neighbourhood | undefined, view: ProviderView) {
  if (!found) return { nodes: [], edges: [], truncated: false };
  const { root, nodes, edges, isTruncated } = found;
  return {
    nodes: nodes.map((node) => nodeView(node, view)),
    edges: edgeViews([root, ...nodes], edges, view),
    truncated: isTruncated,
  };
}

async function entityGraph(deps: Deps, ref: EntityRef, query: Walking, principal: Principal) {
  const entity = await deps.graphQuestions.entity(ref, principal);
  const view = visibleProviders(principal);
  const { key, type, value, incidents, risk, verdict } = entity;
  const { first_seen, last_seen } = view === undefined ? entity : { first_seen: null, last_seen: null };
  const aliases = aliasesSeen(entity.aliases, view);
  return {
    entity: { key, type, value, first_seen, last_seen, incidents, sessions: 0, risk, verdict, aliases },
    ...(await surroundings(deps, { entity: key }, query, principal)),
  };
}

const entityRoute = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    path: `${PATH}/entity/{value}`,
    summary: 'Read what surrounds an entity',
    description:
      'The entity, and what lies up to `depth` edges from it. Hubs are answered and not gone through. Without `provider` a name that means something within one workspace alone is one of the default workspace.',
    params: z.object({ value: GraphValue }),
    query: EntityGraphQuery,
    response: EntityGraph,
    handle: ({ params, query, principal }) =>
      entityGraph(deps, { ...query, value: params.value }, query, principal),
  });

const entityByQueryRoute = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    path: `${PATH}/entity`,
    summary: 'Read what surrounds an entity that is named in the query',
    description: 'The same as with the value in the path, for values with slashes, which proxies break.',
    query: EntityGraphQuery.extend({ value: GraphValue }),
    response: EntityGraph,
    handle: ({ query, principal }) => entityGraph(deps, query, query, principal),
  });

const incidentRoute = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    path: `${PATH}/incident/{number}`,
    summary: 'Read what surrounds an incident',
    params: IncidentParams,
    query: SurroundingsQuery,
    response: IncidentGraph,
    handle: async ({ params, query, principal }) => {
      const ref = { number: params.number, provider: query.provider };
      const { id, number, provider, title } = await deps.graphQuestions.incident(ref, principal);
      return {
        incident: { number, provider, title },
        ...(await surroundings(deps, { incident: id }, query, principal)),
      };
    },
  });

/** In how many incidents of all workspaces an entity is, whoever sees some of them is not told. */
const withoutCounts = <T extends { readonly shared: readonly object[] }>(item: T) => ({
  ...item,
  shared: item.shared.map((entity) => ({ ...entity, incidents: null })),
});

const relatedRoute = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    path: `${PATH}/incident/{number}/related`,
    summary: 'List incidents that share entities with one',
    description:
      'Those that share the rarest come first. Names that mean something within a workspace alone do not count, and what nearly every incident names counts for nothing.',
    params: IncidentParams,
    query: z.object({ limit: queryInt(1, 100).default(20), provider: ProviderRef.optional() }),
    response: RelatedIncidentList,
    handle: async ({ params, query: { limit, provider: named }, principal }) => {
      const ref = { number: params.number, provider: named };
      const { id, number, provider, title } = await deps.graphQuestions.incident(ref, principal);
      const limits = { limit, providerIds: visibleProviders(principal) };
      const found = await deps.graphQuestions.ask((graph) => relatedIncidents(graph, id, limits));
      const items = RelatedIncidentList.shape.items.parse(
        limits.providerIds === undefined ? found.items : found.items.map(withoutCounts),
      );
      return { incident: { number, provider, title }, items, truncated: found.isTruncated };
    },
  });

const INCIDENT = /^incident:(.*)$/is;

async function placeOf(
  { graphQuestions }: Deps,
  field: 'from' | 'to',
  query: z.output<typeof PathQuery>,
  principal: Principal,
): Promise<GraphPlace> {
  const { [field]: value, provider } = query;
  const [, number] = INCIDENT.exec(value) ?? [];
  if (number === undefined)
    return { entity: (await graphQuestions.entity({ value, provider, field }, principal)).key };
  const known = IncidentNumber.safeParse(number.trim());
  if (!known.success)
    throw invalidField(
      ['query', field],
      'names no incident: write incident: and its number, as in incident:42',
      'not_incident',
    );
  return { incident: (await graphQuestions.incident({ number: known.data, provider }, principal)).id };
}

const pathRoute = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    path: `${PATH}/path`,
    summary: 'Find a shortest path between two entities or incidents',
    description: 'One that goes through no hub. `length` is null where none was found within `max_depth`.',
    query: PathQuery,
    response: GraphPath,
    handle: async ({ query, principal }) => {
      const ends = [
        await placeOf(deps, 'from', query, principal),
        await placeOf(deps, 'to', query, principal),
      ] as const;
      const { max_depth: maxDepth } = query;
      const view = { providerIds: visibleProviders(principal) };
      const found = await deps.graphQuestions.ask((graph) => shortestPath(graph, ends, view, { maxDepth }));
      const { nodes = [], edges = [], isTruncated = false } = found ?? {};
      return {
        length: nodes.length > 0 ? nodes.length - 1 : null,
        nodes: nodes.map((node) => nodeView(node, view.providerIds)),
        edges: edgeViews(nodes, edges, view.providerIds),
        truncated: isTruncated,
      };
    },
  });

/** Everything under `/api/v1/graph`. */
export const graphRoutes = (deps: Deps): Route[] => [
  entityRoute(deps),
  entityByQueryRoute(deps),
  incidentRoute(deps),
  relatedRoute(deps),
  pathRoute(deps),
];
