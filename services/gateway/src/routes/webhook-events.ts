import {
  idInPath,
  PageQuery,
  pageOf,
  toPage,
  WebhookEvent,
  WebhookEventDetail,
  WebhookEventFilters,
} from '@socmate/contracts';
import { defineRoute, type Route } from '@socmate/http';
import { notFound } from '@socmate/runtime';
import { z } from 'zod';
import { createListCursors, type Window } from '../list-cursor.ts';
import { timespanWindow } from '../timespan-window.ts';
import { visibleNames, visibleProviders } from '../visible-providers.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<RouteDeps, 'clock' | 'cursors' | 'deliveries' | 'providers' | 'webhookEvents'>;

const path = '/api/v1/webhooks/events';
const DELIVERIES_MAX = 100;
const reading = { method: 'get', tag: 'Webhook deliveries', scope: 'webhooks:read' } as const;

const listEvents = (deps: Deps): Route => {
  const cursors = createListCursors(deps.cursors, path);
  return defineRoute({
    ...reading,
    path,
    summary: 'List events, newest first',
    description: 'Those of the workspaces that the caller sees, whether or not an endpoint got them.',
    query: PageQuery.extend(WebhookEventFilters.shape),
    response: pageOf(WebhookEvent),
    handle: async ({ query, principal }) => {
      const { after, window: kept } = cursors.open(query);
      const parsed: Window =
        query.timespan === undefined ? {} : timespanWindow(query.timespan, deps.clock.now());
      const window = kept ?? parsed;
      const filter = { view: visibleProviders(principal), types: query.event_type, ...window };
      const [listing, counted] = await Promise.all([
        deps.webhookEvents.list(filter, { ...query, after }),
        deps.webhookEvents.count(filter),
      ]);
      return toPage(listing.events, counted, query, cursors.next(query, listing.next, window));
    },
  });
};

function dataOf(body: Buffer): unknown {
  const { data } = JSON.parse(body.toString()) as { data: unknown };
  return data;
}

const getEvent = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    path: `${path}/{id}`,
    summary: 'Get an event with its data and its deliveries',
    params: z.object({ id: idInPath().meta({ example: 'evt_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }) }),
    response: WebhookEventDetail,
    handle: async ({ params: { id }, principal }) => {
      const event = await deps.webhookEvents.byId(id, visibleProviders(principal));
      if (!event) throw notFound('event', id);
      const view = await visibleNames(deps.providers, principal);
      const page = { limit: DELIVERIES_MAX, offset: 0 };
      const { deliveries } = await deps.deliveries.list({ view, eventId: id }, page);
      const { body, ...rest } = event;
      return { ...rest, data: dataOf(body), deliveries: [...deliveries] };
    },
  });

export const webhookEventRoutes = (deps: Deps): Route[] => [listEvents(deps), getEvent(deps)];
