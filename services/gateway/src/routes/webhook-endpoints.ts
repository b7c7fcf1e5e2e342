import {
  HeldBackEvent,
  idInPath,
  PageQuery,
  pageOf,
  RotatedSecret,
  SecretRotation,
  TOTAL_MAX,
  toPage,
  WebhookEndpoint,
  WebhookEndpointCreate,
  WebhookEndpointCreated,
  WebhookEndpointPatch,
  WebhookTest,
} from '@socmate/contracts';
import { defineRoute, type Principal, type RequestInfo, type Route, reply } from '@socmate/http';
import { notFound } from '@socmate/runtime';
import { z } from 'zod';
import { createListCursors } from '../list-cursor.ts';
import { visibleNames } from '../visible-providers.ts';
import type { EndpointActing } from '../webhooks/endpoint-changes.ts';
import { endpointView } from '../webhooks/endpoint-view.ts';
import { EventTypeList, eventTypeList } from '../webhooks/event-type-list.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<
  RouteDeps,
  'cursors' | 'endpointChanges' | 'endpoints' | 'heldBack' | 'providers' | 'sealer'
>;

const path = '/api/v1/webhooks/endpoints';
const one = `${path}/{id}` as const;
const params = z.object({ id: idInPath().meta({ example: 'whe_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }) });
const reading = { tag: 'Webhook endpoints', scope: 'webhooks:read' } as const;
const writing = { tag: 'Webhook endpoints', scope: 'webhooks:write' } as const;

async function actingOf(
  { providers }: Deps,
  { principal, request }: { principal: Principal; request: RequestInfo },
): Promise<EndpointActing> {
  return { principal, request, view: await visibleNames(providers, principal) };
}

const createEndpoint = (deps: Deps): Route =>
  defineRoute({
    ...writing,
    method: 'post',
    path,
    summary: 'Create an endpoint',
    description:
      'The secret is in this answer and in no other. The URL is judged here, and the addresses that its name has are judged at each delivery.',
    idempotent: true,
    body: WebhookEndpointCreate,
    status: 201,
    response: WebhookEndpointCreated,
    handle: async (input) => {
      const { endpoint, secret } = await deps.endpointChanges.create(input.body, await actingOf(deps, input));
      const body = { ...endpointView(deps.sealer, input.principal, endpoint), secret };
      return reply(body, { headers: { location: `${path}/${endpoint.id}`, 'cache-control': 'no-store' } });
    },
  });

const listEndpoints = (deps: Deps): Route => {
  const cursors = createListCursors(deps.cursors, path);
  return defineRoute({
    ...reading,
    method: 'get',
    path,
    summary: 'List endpoints',
    query: PageQuery,
    response: pageOf(WebhookEndpoint),
    handle: async ({ query, principal }) => {
      const { after } = cursors.open(query);
      const view = await visibleNames(deps.providers, principal);
      const [listing, counted] = await Promise.all([
        deps.endpoints.list(view, { ...query, after }),
        deps.endpoints.count(view),
      ]);
      const items = listing.endpoints.map((endpoint) => endpointView(deps.sealer, principal, endpoint));
      return toPage(items, counted, query, cursors.next(query, listing.next));
    },
  });
};

const getEndpoint = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    method: 'get',
    path: one,
    summary: 'Get an endpoint',
    params,
    response: WebhookEndpoint,
    handle: async ({ params: { id }, principal }) => {
      const endpoint = await deps.endpoints.byId(id, await visibleNames(deps.providers, principal));
      if (!endpoint) throw notFound('endpoint', id);
      return endpointView(deps.sealer, principal, endpoint);
    },
  });

const changeEndpoint = (deps: Deps): Route =>
  defineRoute({
    ...writing,
    method: 'patch',
    path: one,
    summary: 'Change an endpoint',
    params,
    body: WebhookEndpointPatch,
    response: WebhookEndpoint,
    handle: async (input) => {
      const acting = await actingOf(deps, input);
      const endpoint = await deps.endpointChanges.change(input.params.id, input.body, acting);
      return endpointView(deps.sealer, input.principal, endpoint);
    },
  });

const switchEndpoint = (deps: Deps, verb: 'enable' | 'disable'): Route =>
  defineRoute({
    ...writing,
    method: 'post',
    path: `${one}/${verb}`,
    summary: verb === 'enable' ? 'Enable an endpoint' : 'Disable an endpoint',
    description:
      verb === 'enable'
        ? 'What waited for it goes on.'
        : 'What is pending stays pending and goes on when it is enabled.',
    params,
    response: WebhookEndpoint,
    handle: async (input) => {
      const acting = await actingOf(deps, input);
      const enabled = verb === 'enable';
      const endpoint = await deps.endpointChanges.change(input.params.id, { enabled }, acting);
      return endpointView(deps.sealer, input.principal, endpoint);
    },
  });

const rotateSecret = (deps: Deps): Route =>
  defineRoute({
    ...writing,
    method: 'post',
    path: `${one}/rotate-secret`,
    summary: 'Replace the secret of an endpoint',
    description:
      'While the two overlap, deliveries carry a signature of each. A second rotation within that time ends the first one’s overlap.',
    idempotent: true,
    params,
    body: SecretRotation,
    response: RotatedSecret,
    handle: async (input) => {
      const acting = await actingOf(deps, input);
      const { endpoint, secret } = await deps.endpointChanges.rotateSecret(
        input.params.id,
        input.body,
        acting,
      );
      const { id, previous_secret_expires_at } = endpoint;
      return reply({ id, secret, previous_secret_expires_at }, { headers: { 'cache-control': 'no-store' } });
    },
  });

const listHeldBack = (deps: Deps): Route => {
  const cursors = createListCursors(deps.cursors, `${path}/held-back`);
  return defineRoute({
    ...reading,
    method: 'get',
    path: `${one}/held-back`,
    summary: 'List what was held back from an endpoint',
    description: 'Events that it matched while a mute window or a storm of their rule kept them back.',
    params,
    query: PageQuery,
    response: pageOf(HeldBackEvent),
    handle: async ({ params: { id }, query, principal }) => {
      const { after } = cursors.open(query);
      const endpoint = await deps.endpoints.byId(id, await visibleNames(deps.providers, principal));
      if (!endpoint) throw notFound('endpoint', id);
      const [{ items, next }, counted] = await Promise.all([
        deps.heldBack.list(id, { ...query, after }),
        deps.heldBack.count(id, TOTAL_MAX),
      ]);
      return toPage(items, counted, query, cursors.next(query, next));
    },
  });
};

const deleteEndpoint = (deps: Deps): Route =>
  defineRoute({
    ...writing,
    method: 'delete',
    path: one,
    summary: 'Delete an endpoint',
    description: 'What is pending is cancelled. Its deliveries stay listed.',
    params,
    handle: async (input) => {
      await deps.endpointChanges.remove(input.params.id, await actingOf(deps, input));
    },
  });

const testEndpoint = (deps: Deps): Route =>
  defineRoute({
    ...writing,
    method: 'post',
    path: `${one}/test`,
    summary: 'Send a ping to an endpoint',
    description: '409 where it is disabled, or where its URL may no longer be called.',
    idempotent: true,
    params,
    status: 202,
    response: WebhookTest,
    handle: async (input) => {
      const acting = await actingOf(deps, input);
      const { eventId, deliveryId } = await deps.endpointChanges.ping(input.params.id, acting);
      return { event_id: eventId, delivery_id: deliveryId };
    },
  });

const listEventTypes = defineRoute({
  ...reading,
  method: 'get',
  path: '/api/v1/webhooks/event-types',
  summary: 'List what an endpoint may subscribe to',
  response: EventTypeList,
  handle: eventTypeList,
});

export const webhookEndpointRoutes = (deps: Deps): Route[] => [
  createEndpoint(deps),
  listEndpoints(deps),
  getEndpoint(deps),
  changeEndpoint(deps),
  deleteEndpoint(deps),
  switchEndpoint(deps, 'enable'),
  switchEndpoint(deps, 'disable'),
  rotateSecret(deps),
  testEndpoint(deps),
  listHeldBack(deps),
  listEventTypes,
];
