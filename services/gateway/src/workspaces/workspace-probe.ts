import type { ProviderHealth, ProviderTest } from '@socmate/contracts';
import type { Sealer } from '@socmate/crypto';
import type { ProviderRecord } from '@socmate/database';
import { AppError } from '@socmate/runtime';
import {
  type AzureCredentials,
  ConnectionError,
  failedCheck,
  OPTIONAL_CHECKS,
  type SentinelWorkspace,
  type WorkspaceHealth,
  type WorkspacePlace,
} from '@socmate/sentinel';
import { checkFault, connectionFault } from './connection-fault.ts';
import { azureCredential, openCredential, type WorkspaceCredential } from './workspace-credential.ts';

/** What is asked of Azure about a workspace. */
export interface WorkspaceDirectory {
  resolve(credentials: AzureCredentials, workspaceId: string): Promise<WorkspacePlace>;
  check(workspace: SentinelWorkspace): Promise<WorkspaceHealth>;
}

export type Connection = Omit<ProviderTest, 'name' | 'provider_type'>;

async function placeOf(directory: WorkspaceDirectory, given: Connection): Promise<WorkspacePlace> {
  const {
    subscription_id: subscriptionId,
    resource_group: resourceGroup,
    workspace_name: workspaceName,
  } = given;
  if (subscriptionId !== undefined && resourceGroup !== undefined && workspaceName !== undefined)
    return { subscriptionId, resourceGroup, workspaceName };
  return directory.resolve(azureCredential(given), given.workspace_id);
}

const healthView = ({ status, message, latencyMs, checks }: WorkspaceHealth): ProviderHealth => ({
  status,
  message,
  latency_ms: latencyMs,
  checks: checks.map((check) => ({
    name: check.name,
    status: check.status,
    ...(check.missingRole !== undefined && { missing_role: check.missingRole }),
    ...(check.message !== undefined && { message: check.message }),
  })),
});

/** The health of a workspace that was not found: nothing of it could be tried. */
function unresolvedHealth(fault: AppError, latencyMs: number): ProviderHealth {
  const status = fault.code === 'invalid_input' ? 'denied' : 'failed';
  const isTokens = fault instanceof ConnectionError && fault.check === 'token';
  const message = isTokens ? 'the sign-in failed' : 'the workspace was not found';
  const skipped = { status: 'skipped', message } as const;
  const tried = isTokens
    ? [{ name: 'token', status, message: fault.message } as const, { name: 'incidents_read', ...skipped }]
    : [
        { name: 'token', status: 'ok' } as const,
        { name: 'incidents_read', status, message: fault.message } as const,
      ];
  const untried = OPTIONAL_CHECKS.map((name) => ({ name, ...skipped }));
  return { status: 'error', message: fault.message, latency_ms: latencyMs, checks: [...tried, ...untried] };
}

/** Tries a connection that is not stored; a refusal is an answer. */
export async function testConnection(
  directory: WorkspaceDirectory,
  given: Connection,
): Promise<ProviderHealth> {
  const start = performance.now();
  const place = await placeOf(directory, given).catch((fault: unknown) => {
    if (fault instanceof AppError) return fault;
    throw fault;
  });
  const latencyMs = (): number => Math.round(performance.now() - start);
  if (place instanceof AppError) return unresolvedHealth(place, latencyMs());
  const health = await directory.check({ ...azureCredential(given), ...place });
  return { ...healthView(health), latency_ms: latencyMs() };
}

/** Finds a workspace and reads from it; throws what `connectionFault` says where that fails. */
export async function proveConnection(
  directory: WorkspaceDirectory,
  given: Connection,
): Promise<WorkspacePlace> {
  const place = await placeOf(directory, given).catch((fault: unknown) => {
    throw connectionFault(fault);
  });
  const { checks } = await directory.check({ ...azureCredential(given), ...place });
  const bad = failedCheck(checks);
  if (bad) throw checkFault(bad);
  return place;
}

/** What of a stored workspace's connection is no secret: where it is. */
export const connectionPlace = (provider: ProviderRecord): Omit<Connection, keyof WorkspaceCredential> => ({
  workspace_id: provider.workspace_id,
  tenant_id: provider.tenant_id,
  cloud: provider.cloud,
  subscription_id: provider.subscription_id,
  resource_group: provider.resource_group,
  workspace_name: provider.workspace_name,
});

/** A stored workspace's connection, opened. */
export const storedConnection = (sealer: Sealer, provider: ProviderRecord): Connection => ({
  ...connectionPlace(provider),
  ...openCredential(sealer, provider),
});
