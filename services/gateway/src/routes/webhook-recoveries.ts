import { EndpointStats, idInPath, Recovery, RecoveryCreate } from '@socmate/contracts';
import { defineRoute, type Route, reply } from '@socmate/http';
import { notFound } from '@socmate/runtime';
import { z } from 'zod';
import { visibleNames } from '../visible-providers.ts';
import { statsSince } from '../webhooks/stats-since.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<
  RouteDeps,
  'clock' | 'endpointStats' | 'endpoints' | 'providers' | 'recoveries' | 'startRecovery'
>;

const RECOVERIES = '/api/v1/webhooks/recoveries';
const ENDPOINT = '/api/v1/webhooks/endpoints/{id}';
const tag = 'Webhook deliveries';
const idOf = (example: string) => z.object({ id: idInPath().meta({ example }) });
const endpointParams = idOf('whe_01KAX5Q4ZJ3M8V0T6R2N9B7C1D');

const recover = (deps: Deps): Route =>
  defineRoute({
    method: 'post',
    path: `${ENDPOINT}/recover`,
    tag,
    summary: 'Send an endpoint what it lacks',
    description:
      'Everything since a time, every dead letter, or everything that it never got because it was disabled or new, each under its old `webhook-id`. It outlives restarts, and is slow enough for live events to keep their pace. 409 while another recovery of the endpoint runs, or where the endpoint is disabled.',
    scope: 'webhooks:write',
    idempotent: true,
    params: endpointParams,
    body: RecoveryCreate,
    status: 202,
    response: Recovery,
    handle: async ({ params: { id }, body, principal, request }) => {
      const view = await visibleNames(deps.providers, principal);
      const recovery = await deps.startRecovery(id, body, { principal, request, view });
      return reply(recovery, { headers: { location: `${RECOVERIES}/${recovery.id}` } });
    },
  });

const getRecovery = (deps: Deps): Route =>
  defineRoute({
    method: 'get',
    path: `${RECOVERIES}/{id}`,
    tag,
    summary: 'Read how far a recovery is',
    scope: 'webhooks:read',
    params: idOf('rec_01KAX5Q4ZJ3M8V0T6R2N9B7C1D'),
    response: Recovery,
    handle: async ({ params: { id }, principal }) => {
      const recovery = await deps.recoveries.byId(id, await visibleNames(deps.providers, principal));
      if (!recovery) throw notFound('recovery', id);
      return recovery;
    },
  });

const getStats = (deps: Deps): Route =>
  defineRoute({
    method: 'get',
    path: `${ENDPOINT}/stats`,
    tag,
    summary: 'Read how an endpoint does',
    description: 'Of the newest thousand of its deliveries within the window, and of all that wait.',
    scope: 'webhooks:read',
    params: endpointParams,
    query: z.object({
      timespan: z
        .string()
        .max(100)
        .default('P1D')
        .meta({ description: 'An ISO 8601 duration back from now.', example: 'PT1H' }),
    }),
    response: EndpointStats,
    handle: async ({ params: { id }, query, principal }) => {
      const since = statsSince(query.timespan, deps.clock.now());
      const endpoint = await deps.endpoints.byId(id, await visibleNames(deps.providers, principal));
      if (!endpoint) throw notFound('endpoint', id);
      return deps.endpointStats(id, since);
    },
  });

/** What an endpoint lacks and how it does. */
export const webhookRecoveryRoutes = (deps: Deps): Route[] => [
  recover(deps),
  getRecovery(deps),
  getStats(deps),
];
