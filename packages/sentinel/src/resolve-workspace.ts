import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  RestError,
} from '@azure/core-rest-pipeline';
import { AppError } from '@socmate/runtime';
import { z } from 'zod';
import { type Attempted, azureFault, garbled } from './azure-faults.ts';
import { type AzureSettings, endpointsOf } from './azure-settings.ts';
import { ConnectionError } from './connection-error.ts';
import { createCredential } from './credential.ts';
import { harden } from './pipeline-policies.ts';
import type { AzureCredentials, WorkspacePlace } from './workspace.ts';

const DEADLINE_MS = 45_000;
const MAX_PAGES = 1_000;

const Subscriptions = z.object({
  value: z.array(z.object({ subscriptionId: z.string() })),
  nextLink: z.string().nullish(),
});
const Workspaces = z.object({
  value: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      properties: z.object({ customerId: z.string().nullish() }).nullish(),
    }),
  ),
  nextLink: z.string().nullish(),
});

type Get = (url: string) => Promise<unknown>;

function createGet(azure: AzureSettings, credentials: AzureCredentials, signal: AbortSignal): Get {
  const endpoints = endpointsOf(azure, credentials.cloud);
  const { resourceManagerUrl } = endpoints;
  const pipeline = createPipelineFromOptions({});
  harden(pipeline, resourceManagerUrl);
  const scopes = `${resourceManagerUrl}/.default`;
  const credential = createCredential(endpoints, credentials);
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes }));
  const http = createDefaultHttpClient();
  return async (url) => {
    const request = createPipelineRequest({
      url: new URL(url, resourceManagerUrl).href,
      abortSignal: signal,
    });
    const response = await pipeline.sendRequest(http, request);
    if (response.status !== 200) {
      const code = ArmError.safeParse(response.bodyAsText).data?.error.code;
      const about = { statusCode: response.status, request, response, ...(code !== undefined && { code }) };
      throw new RestError(`status ${response.status}`, about);
    }
    return JSON.parse(response.bodyAsText ?? '');
  };
}

const ArmError = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.object({ error: z.object({ code: z.string() }) }))
  .catch({ error: { code: '' } });

/** All items of a paged list; its links are followed within the resource manager only, and each once. */
async function* pages<T extends { nextLink?: string | null | undefined }>(
  get: Get,
  first: string,
  schema: z.ZodType<T>,
): AsyncGenerator<T> {
  const seen = new Set<string>();
  for (let url: string | null | undefined = first; url; ) {
    if (seen.has(url) || seen.size >= MAX_PAGES) throw garbled(LISTING);
    seen.add(url);
    const parsed = schema.safeParse(await get(url));
    if (!parsed.success) throw garbled(LISTING, parsed.error);
    yield parsed.data;
    url = parsed.data.nextLink;
  }
}

const LISTING: Attempted = {
  doing: 'looking for the workspace',
  onForbidden: { field: 'client_id', message: 'The application may not list the workspaces' },
  onNotFound: (cause) => new AppError('upstream_error', 'Azure has no list of workspaces', { cause }),
};

async function findIn(
  get: Get,
  subscriptionId: string,
  workspaceId: string,
): Promise<WorkspacePlace | undefined> {
  const path = `/subscriptions/${encodeURIComponent(subscriptionId)}/providers/Microsoft.OperationalInsights/workspaces`;
  for await (const { value } of pages(get, `${path}?api-version=2023-09-01`, Workspaces)) {
    const found = value.find(
      ({ properties }) => properties?.customerId?.toLowerCase() === workspaceId.toLowerCase(),
    );
    const resourceGroup = /\/resourceGroups\/([^/]+)\//i.exec(found?.id ?? '')?.[1];
    if (found && resourceGroup) return { subscriptionId, resourceGroup, workspaceName: found.name };
  }
  return undefined;
}

async function find(get: Get, workspaceId: string): Promise<WorkspacePlace | undefined> {
  for await (const { value } of pages(get, '/subscriptions?api-version=2022-12-01', Subscriptions)) {
    for (const { subscriptionId } of value) {
      const found = await findIn(get, subscriptionId, workspaceId);
      if (found) return found;
    }
  }
  return undefined;
}

/** Finds where a workspace is by its GUID, among those that the application may see. */
export async function resolveWorkspace(
  azure: AzureSettings,
  credentials: AzureCredentials,
  workspaceId: string,
  signal: AbortSignal,
): Promise<WorkspacePlace> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const found = await find(createGet(azure, credentials, deadline), workspaceId).catch((fault: unknown) => {
    throw signal.aborted ? fault : azureFault(LISTING, fault);
  });
  if (found) return found;
  throw new ConnectionError(
    `Application ${credentials.clientId} sees no workspace ${workspaceId}: the id is wrong, or the application has no role on it`,
    { check: 'incidents_read', field: 'workspace_id' },
  );
}
