import { isRestError } from '@azure/core-rest-pipeline';
import { AppError } from '@socmate/runtime';
import { READER_ROLE } from './azure-faults.ts';
import { type AzureSettings, endpointsOf } from './azure-settings.ts';
import { ConnectionError, type ConnectionField } from './connection-error.ts';
import { createCredential } from './credential.ts';
import { createSentinelClient } from './sentinel-client.ts';
import type { SentinelWorkspace } from './workspace.ts';

const DEADLINE_MS = 20_000;

export interface WorkspaceCheck {
  readonly name: 'token' | 'incidents_read' | 'log_query' | 'comment_write';
  readonly status: 'ok' | 'denied' | 'failed' | 'skipped';
  /** What of the connection was denied. */
  readonly field?: ConnectionField;
  readonly missingRole?: string;
  readonly message?: string;
}

export interface WorkspaceHealth {
  readonly status: 'healthy' | 'error';
  readonly message: string;
  readonly latencyMs: number;
  readonly checks: readonly WorkspaceCheck[];
}

const skipped = (name: WorkspaceCheck['name'], message: string): WorkspaceCheck => ({
  name,
  status: 'skipped',
  message,
});

const LATE = `Azure did not answer within ${DEADLINE_MS / 1_000} s`;
const UNUSED = 'nothing of this version needs it';

const isForbidden = ({ cause }: AppError): boolean => isRestError(cause) && cause.statusCode === 403;

function failed(name: WorkspaceCheck['name'], fault: unknown): WorkspaceCheck {
  if (!(fault instanceof AppError)) throw fault;
  const { message } = fault;
  const field = fault instanceof ConnectionError ? fault.field : undefined;
  if (field === undefined) return { name, status: 'failed', message };
  return { name, status: 'denied', field, message, ...(isForbidden(fault) && { missingRole: READER_ROLE }) };
}

async function attempt(name: WorkspaceCheck['name'], work: () => Promise<unknown>): Promise<WorkspaceCheck> {
  try {
    await work();
    return { name, status: 'ok' };
  } catch (fault) {
    return failed(name, fault);
  }
}

async function readNewest(
  azure: AzureSettings,
  workspace: SentinelWorkspace,
  signal: AbortSignal,
): Promise<void> {
  const client = createSentinelClient(azure, workspace);
  const query = { by: 'modified', since: new Date(0).toISOString(), pageSize: 1, signal } as const;
  await client.incidentPages(query)[Symbol.asyncIterator]().next();
}

async function runChecks(
  azure: AzureSettings,
  workspace: SentinelWorkspace,
  signal: AbortSignal,
): Promise<WorkspaceCheck[]> {
  const endpoints = endpointsOf(azure, workspace.cloud);
  const scope = `${endpoints.resourceManagerUrl}/.default`;
  const token = await attempt('token', async () =>
    createCredential(endpoints, workspace).getToken(scope, { abortSignal: signal }),
  );
  const incidents =
    token.status === 'ok'
      ? await attempt('incidents_read', () => readNewest(azure, workspace, signal))
      : skipped('incidents_read', 'there is no access token to try it with');
  return [token, incidents, skipped('log_query', UNUSED), skipped('comment_write', UNUSED)];
}

/** Tries what SoCMate needs of a workspace, permission by permission; a refusal is an answer and not an error. */
export async function checkWorkspace(
  azure: AzureSettings,
  workspace: SentinelWorkspace,
  signal: AbortSignal,
): Promise<WorkspaceHealth> {
  const start = performance.now();
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const checks = await runChecks(azure, workspace, deadline).catch((fault: unknown) => {
    if (signal.aborted || !deadline.aborted) throw fault;
    return [{ name: 'incidents_read', status: 'failed', message: LATE } as const];
  });
  const bad = checks.find(({ status }) => status === 'denied' || status === 'failed');
  return {
    status: bad ? 'error' : 'healthy',
    message: bad?.message ?? 'SoCMate can read the incidents of this workspace',
    latencyMs: Math.round(performance.now() - start),
    checks,
  };
}
