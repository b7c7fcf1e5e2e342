import type { SecurityInsights } from '@azure/arm-securityinsight';
import { createHttpHeaders, createPipelineRequest, isRestError, RestError } from '@azure/core-rest-pipeline';
import { AppError } from '@socmate/runtime';
import { z } from 'zod';
import { type Attempted, azureFault } from './azure-faults.ts';
import type { SentinelWorkspace } from './workspace.ts';

const REQUEST_TIMEOUT_MS = 30_000;

export interface ResourceContext {
  readonly open: () => Promise<SecurityInsights>;
  readonly workspace: SentinelWorkspace;
}

export interface ResourceCall {
  readonly method: 'GET' | 'PUT';
  /** Below `incidents`, each part as it is. */
  readonly path: readonly string[];
  /** Sent as it is: the client's own serialiser drops what it does not know. */
  readonly body?: unknown;
}

/** What Sentinel itself says of an incident or a comment that it has not; the workspace around it has other codes. */
const GONE = new Set(['NotFound', 'IncidentNotFound', 'IncidentCommentNotFound']);

const Refused = z.object({ error: z.object({ code: z.string() }) });

function codeIn(body: string | null | undefined): string | undefined {
  try {
    return Refused.safeParse(JSON.parse(body ?? '')).data?.error.code;
  } catch {
    return undefined;
  }
}

/**
 * A 404 of the incident or of what lies below it: not of the workspace around it, and not of a proxy that does not
 * know the way.
 */
export const isGone = (fault: unknown): boolean =>
  isRestError(fault) &&
  fault.statusCode === 404 &&
  GONE.has(codeIn(fault.response?.bodyAsText) ?? fault.code ?? '');

function addressOf(
  insights: SecurityInsights,
  workspace: SentinelWorkspace,
  path: readonly string[],
): string {
  const parts = [
    ['subscriptions', workspace.subscriptionId, 'resourceGroups', workspace.resourceGroup],
    ['providers', 'Microsoft.OperationalInsights', 'workspaces', workspace.workspaceName],
    ['providers', 'Microsoft.SecurityInsights', 'incidents', ...path],
  ];
  const below = parts.flat().map(encodeURIComponent).join('/');
  return `${insights.$host}/${below}?api-version=${insights.apiVersion}`;
}

/** The body of one incident, or of what lies below it, as the service sent it; throws what the pipeline does. */
export async function callResource(
  { open, workspace }: ResourceContext,
  { method, path, body }: ResourceCall,
  signal: AbortSignal,
): Promise<string> {
  const insights = await open();
  const request = createPipelineRequest({
    method,
    url: addressOf(insights, workspace, path),
    headers: createHttpHeaders({ accept: 'application/json', 'content-type': 'application/json' }),
    abortSignal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const response = await insights.sendRequest(request);
  const { status, bodyAsText } = response;
  if (status === 200 || status === 201) return bodyAsText ?? '';
  const code = codeIn(bodyAsText);
  throw new RestError(`${method} answered ${status}`, {
    statusCode: status,
    request,
    response,
    ...(code !== undefined && { code }),
  });
}

/** Where Azure refuses the content of a write: waiting does not help, and no field of the connection is at fault. */
export function writeFault(attempted: Attempted, fault: unknown): unknown {
  const status = isRestError(fault) ? fault.statusCode : undefined;
  if (status === 409 || status === 412) {
    const message = `The incident changed since it was read, which was noticed while ${attempted.doing}`;
    return new AppError('conflict', message, { cause: fault });
  }
  if (status === 400) {
    const message = `Azure refused the content with 400 while ${attempted.doing}`;
    return new AppError('invalid_input', message, { cause: fault });
  }
  return azureFault(attempted, fault);
}
