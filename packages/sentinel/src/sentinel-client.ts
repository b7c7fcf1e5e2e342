import type { SecurityInsights } from '@azure/arm-securityinsight';
import { AppError } from '@socmate/runtime';
import { attempting, readAnswer } from './attempting.ts';
import { type Attempted, azureFault } from './azure-faults.ts';
import { type AzureEndpoints, type AzureSettings, endpointsOf } from './azure-settings.ts';
import { type Credential, createCredential } from './credential.ts';
import { incidentPages, type PagesQuery } from './incident-pages.ts';
import { isGone, type ResourceContext } from './incident-resource.ts';
import { createIncidentWrites, type IncidentWrites } from './incident-writes.ts';
import { harden } from './pipeline-policies.ts';
import type { SentinelAlert, SentinelIncidentPage } from './sentinel-answers.ts';
import { parseAlerts, parseEntities } from './sentinel-answers.ts';
import type { SentinelWorkspace } from './workspace.ts';

const API_VERSION = '2025-09-01';
const REQUEST_TIMEOUT_MS = 30_000;

export interface SentinelClient extends IncidentWrites {
  /** Pages of a window of incidents, newest first: none is missed, and one that is modified meanwhile may come twice. */
  incidentPages(query: PagesQuery): AsyncIterable<SentinelIncidentPage>;
  /** One request of Azure's read quota. */
  alertsOf(incidentName: string, signal: AbortSignal): Promise<readonly SentinelAlert[]>;
  /** One request of Azure's read quota. */
  entitiesOf(incidentName: string, signal: AbortSignal): Promise<readonly unknown[]>;
}

type DetailsCall = 'listAlerts' | 'listEntities';

interface Wanted<T> {
  readonly call: DetailsCall;
  readonly doing: string;
  readonly incidentName: string;
  readonly parse: (body: unknown) => T;
}

async function details<T>(
  { open, workspace }: ResourceContext,
  wanted: Wanted<T>,
  signal: AbortSignal,
): Promise<T> {
  const { call, incidentName } = wanted;
  const base = attempting(workspace, `${wanted.doing} of incident ${incidentName}`);
  const gone = `Azure has no incident ${incidentName} in workspace ${workspace.workspaceName}`;
  const attempted: Attempted = {
    ...base,
    onNotFound: (cause) =>
      isGone(cause) ? new AppError('not_found', gone, { cause }) : base.onNotFound(cause),
  };
  let body: string | undefined;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
  const insights = await open();
  try {
    await insights.incidents[call](workspace.resourceGroup, workspace.workspaceName, incidentName, {
      abortSignal: deadline,
      onResponse: (response) => {
        body = response.bodyAsText ?? undefined;
      },
    });
  } catch (fault) {
    throw signal.aborted ? fault : azureFault(attempted, fault);
  }
  return readAnswer(attempted, body, wanted.parse);
}

async function openInsights(
  { resourceManagerUrl }: AzureEndpoints,
  workspace: SentinelWorkspace,
  credential: Credential,
): Promise<SecurityInsights> {
  // A CommonJS package that requires ES modules of the graph this file belongs to: it needs them already linked.
  const { SecurityInsights: Client } = await import('@azure/arm-securityinsight');
  const client = new Client(credential, workspace.subscriptionId, {
    endpoint: resourceManagerUrl,
    $host: resourceManagerUrl,
    apiVersion: API_VERSION,
  });
  harden(client.pipeline, resourceManagerUrl, credential);
  return client;
}

/** Opens no connection until the first call, and keeps its access token between calls. */
export function createSentinelClient(
  azure: AzureSettings,
  workspace: SentinelWorkspace,
  given?: Credential,
): SentinelClient {
  const endpoints = endpointsOf(azure, workspace.cloud);
  const open = async (): Promise<SecurityInsights> =>
    openInsights(endpoints, workspace, given ?? createCredential(endpoints, workspace));
  let opened: Promise<SecurityInsights> | undefined;
  const context: ResourceContext = { workspace, open: () => (opened ??= open()) };
  return {
    ...createIncidentWrites(context),
    incidentPages: (query) =>
      incidentPages(
        {
          ...context,
          ...workspace,
          read: readAnswer,
          attempted: attempting(workspace, 'reading the incidents'),
        },
        query,
      ),
    alertsOf: (incidentName, signal) =>
      details(
        context,
        { call: 'listAlerts', doing: 'reading the alerts', incidentName, parse: parseAlerts },
        signal,
      ),
    entitiesOf: (incidentName, signal) =>
      details(
        context,
        { call: 'listEntities', doing: 'reading the entities', incidentName, parse: parseEntities },
        signal,
      ),
  };
}
