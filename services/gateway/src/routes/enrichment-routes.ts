import {
  EnrichmentAccepted,
  EnrichmentRecord,
  EnrichmentRequest,
  IncidentNumber,
  ProviderRef,
} from '@socmate/contracts';
import { defineRoute, type Principal, type Route, reply } from '@socmate/http';
import { AppError, notFound } from '@socmate/runtime';
import { z } from 'zod';
import { preferredWaitS } from '../incident-writes/prefer-wait.ts';
import { namedProviders } from '../visible-providers.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<RouteDeps, 'enrichments' | 'incidentWrites' | 'providers' | 'requestEnrichment'>;

const ONE = '/api/v1/incidents/{number}';
const Params = z.object({ number: IncidentNumber });
const OneQuery = z.object({ provider: ProviderRef.optional() });

interface Input {
  readonly params: z.output<typeof Params>;
  readonly query: z.output<typeof OneQuery>;
  readonly principal: Principal;
}

async function incidentId({ incidentWrites, providers }: Deps, input: Input): Promise<string> {
  const { number } = input.params;
  const providerIds = await namedProviders(providers, input.principal, input.query.provider);
  const id = await incidentWrites.incidentId({ number, providerIds });
  if (id === undefined) throw notFound('incident', number);
  return id;
}

/** Where the workspace was named, links name it too. */
function linksOf({ params, query }: Input) {
  const incident = `/api/v1/incidents/${params.number}`;
  const named = query.provider === undefined ? '' : `?provider=${encodeURIComponent(query.provider)}`;
  return { incident: `${incident}${named}`, enrichment: `${incident}/enrichment${named}` };
}

const enrichRoute = (deps: Deps): Route =>
  defineRoute({
    method: 'post',
    path: `${ONE}/enrich`,
    tag: 'Incidents',
    summary: 'Enrich an incident',
    description:
      'Looks its entities up and scores it. A call joins the run that waits or is under way; with `force` only one that is forced. Answers 202 at once, or, with `Prefer: wait=N`, the result if it is ready within N seconds.',
    scope: ['incidents:write', 'investigations:write'],
    documented: true,
    idempotent: true,
    params: Params,
    query: OneQuery,
    body: EnrichmentRequest.strict().prefault({}),
    status: 202,
    alsoAnswers: { 200: 'The result was ready in time' },
    takesHeaders: { Prefer: '`wait=N`: how many seconds to wait for the result, 0 to 60.' },
    sendsHeaders: { Location: 'Where to read the result.' },
    response: z.union([EnrichmentRecord, EnrichmentAccepted]),
    handle: async (input) => {
      const waitS = preferredWaitS(input.request.header('prefer'), 0);
      const { job, result } = await deps.requestEnrichment({
        incidentId: await incidentId(deps, input),
        isForced: input.body.force,
        waitMs: waitS * 1_000,
        request: input.request,
      });
      const links = linksOf(input);
      const headers = { location: links.enrichment };
      if (result) return reply(result, { status: 200, headers });
      return reply({ job_id: job.id, status: job.status, links }, { headers });
    },
  });

const readRoute = (deps: Deps): Route =>
  defineRoute({
    method: 'get',
    path: `${ONE}/enrichment`,
    tag: 'Incidents',
    summary: 'Read an incident’s last enrichment',
    description: '404 before the first.',
    scope: 'incidents:read',
    params: Params,
    query: OneQuery,
    response: EnrichmentRecord,
    etag: (enrichment) => enrichment,
    handle: async (input) => {
      const result = await deps.enrichments.latest(await incidentId(deps, input));
      if (result) return result;
      const how = `POST ${ONE.replace('{number}', String(input.params.number))}/enrich does it`;
      throw new AppError('not_found', `incident ${input.params.number} was not enriched yet: ${how}`);
    },
  });

/** `POST /incidents/{number}/enrich` and `GET /incidents/{number}/enrichment`. */
export const enrichmentRoutes = (deps: Deps): Route[] => [enrichRoute(deps), readRoute(deps)];
