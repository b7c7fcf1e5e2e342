import { AppError } from '@socmate/runtime';
import { z } from 'zod';
import { type ArmReader, createArmReader } from './arm-reader.ts';
import { type Attempted, azureFault } from './azure-faults.ts';
import { type AzureSettings, endpointsOf } from './azure-settings.ts';
import { ConnectionError } from './connection-error.ts';
import { createCredential } from './credential.ts';
import { type AzureCredentials, signerOf, type WorkspacePlace } from './workspace.ts';

const DEADLINE_MS = 45_000;

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

const SUBSCRIPTIONS = { path: '/subscriptions?api-version=2022-12-01', schema: Subscriptions };

const LISTING: Attempted = {
  doing: 'looking for the workspace',
  onForbidden: { field: 'client_id', message: 'The application may not list the workspaces' },
  onNotFound: (cause) => new AppError('upstream_error', 'Azure has no list of workspaces', { cause }),
};

async function findIn(
  reader: ArmReader,
  subscriptionId: string,
  workspaceId: string,
): Promise<WorkspacePlace | undefined> {
  const path = `/subscriptions/${encodeURIComponent(subscriptionId)}/providers/Microsoft.OperationalInsights/workspaces?api-version=2023-09-01`;
  for await (const { value } of reader.pages({ path, schema: Workspaces }, LISTING)) {
    const found = value.find(
      ({ properties }) => properties?.customerId?.toLowerCase() === workspaceId.toLowerCase(),
    );
    const resourceGroup = /\/resourceGroups\/([^/]+)\//i.exec(found?.id ?? '')?.[1];
    if (found && resourceGroup) return { subscriptionId, resourceGroup, workspaceName: found.name };
  }
  return undefined;
}

async function find(reader: ArmReader, workspaceId: string): Promise<WorkspacePlace | undefined> {
  for await (const { value } of reader.pages(SUBSCRIPTIONS, LISTING)) {
    for (const { subscriptionId } of value) {
      const found = await findIn(reader, subscriptionId, workspaceId);
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
  const endpoints = endpointsOf(azure, credentials.cloud);
  const credential = createCredential(endpoints, credentials);
  const reader = createArmReader({ ...endpoints, credential, signal: deadline });
  const found = await find(reader, workspaceId).catch((fault: unknown) => {
    throw signal.aborted ? fault : azureFault(LISTING, fault);
  });
  if (found) return found;
  throw new ConnectionError(
    `${signerOf(credentials)} sees no workspace ${workspaceId}: the id is wrong, or it has no role on that workspace`,
    { check: 'incidents_read', field: 'workspace_id' },
  );
}
