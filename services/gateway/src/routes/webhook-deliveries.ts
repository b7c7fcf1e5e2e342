import {
  Delivery,
  DeliveryDetail,
  DeliveryFilters,
  idInPath,
  PageQuery,
  pageOf,
  toPage,
} from '@socmate/contracts';
import { defineRoute, type Route } from '@socmate/http';
import { notFound } from '@socmate/runtime';
import { z } from 'zod';
import { createListCursors, type Window } from '../list-cursor.ts';
import { timespanWindow } from '../timespan-window.ts';
import { visibleNames } from '../visible-providers.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<RouteDeps, 'clock' | 'cursors' | 'deliveries' | 'providers' | 'retryDelivery'>;

const path = '/api/v1/webhooks/deliveries';
const reading = { tag: 'Webhook deliveries', scope: 'webhooks:read' } as const;
const params = z.object({ id: idInPath().meta({ example: 'dlv_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }) });

const listDeliveries = (deps: Deps): Route => {
  const cursors = createListCursors(deps.cursors, path);
  return defineRoute({
    ...reading,
    method: 'get',
    path,
    summary: 'List deliveries, newest first',
    query: PageQuery.extend(DeliveryFilters.shape),
    response: pageOf(Delivery),
    handle: async ({ query, principal }) => {
      const { after, window: kept } = cursors.open(query);
      const parsed: Window =
        query.timespan === undefined ? {} : timespanWindow(query.timespan, deps.clock.now());
      const window = kept ?? parsed;
      const filter = {
        view: await visibleNames(deps.providers, principal),
        endpointId: query.endpoint_id,
        eventTypes: query.event_type,
        statuses: query.status,
        ...window,
      };
      const [listing, counted] = await Promise.all([
        deps.deliveries.list(filter, { ...query, after }),
        deps.deliveries.count(filter),
      ]);
      return toPage(listing.deliveries, counted, query, cursors.next(query, listing.next, window));
    },
  });
};

const getDelivery = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    method: 'get',
    path: `${path}/{id}`,
    summary: 'Get a delivery with its attempts',
    params,
    response: DeliveryDetail,
    handle: async ({ params: { id }, principal }) => {
      const delivery = await deps.deliveries.byId(id, await visibleNames(deps.providers, principal));
      if (!delivery) throw notFound('delivery', id);
      return delivery;
    },
  });

const retryDelivery = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    scope: 'webhooks:write',
    method: 'post',
    path: `${path}/{id}/retry`,
    summary: 'Retry a delivery now',
    description:
      'Instead of the automatic retry, or again after its end: a delivery that had ended begins its retry schedule anew. 409 while it is being attempted, where it was cancelled, or where its endpoint is disabled or deleted.',
    params,
    status: 202,
    response: Delivery,
    alsoAnswers: { 409: 'It is being attempted, was cancelled, or its endpoint is disabled or deleted' },
    handle: async ({ params: { id }, principal, request }) => {
      const view = await visibleNames(deps.providers, principal);
      await deps.retryDelivery(id, { principal, request, view });
      const delivery = await deps.deliveries.byId(id, view);
      if (!delivery) throw notFound('delivery', id);
      const { attempts: _attempts, ...rest } = delivery;
      return rest;
    },
  });

export const webhookDeliveryRoutes = (deps: Deps): Route[] => [
  listDeliveries(deps),
  getDelivery(deps),
  retryDelivery(deps),
];
