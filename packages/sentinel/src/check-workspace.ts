import { AppError } from '@socmate/runtime';
import { LOG_READER_ROLE, READER_ROLE, RESPONDER_ROLE } from './azure-faults.ts';
import { type AzureSettings, endpointsOf } from './azure-settings.ts';
import { azureStatus } from './azure-status.ts';
import { ConnectionError, type ConnectionField } from './connection-error.ts';
import { type Credential, createCredential } from './credential.ts';
import { isAllowed, type Permission, readPermissions } from './permissions.ts';
import { createSentinelClient } from './sentinel-client.ts';
import { type SentinelWorkspace, signerOf } from './workspace.ts';

const DEADLINE_MS = 20_000;

export interface WorkspaceCheck {
  readonly name: 'token' | 'incidents_read' | 'log_query' | 'comment_write' | 'incident_write';
  readonly status: 'ok' | 'denied' | 'failed' | 'skipped';
  /** What of the connection was denied. */
  readonly field?: ConnectionField;
  readonly missingRole?: string;
  readonly message?: string;
}
type CheckName = WorkspaceCheck['name'];

export interface WorkspaceHealth {
  /** `error` where it cannot be signed in or no incident can be read: SoCMate does without the rest. */
  readonly status: 'healthy' | 'error';
  readonly message: string;
  readonly latencyMs: number;
  readonly checks: readonly WorkspaceCheck[];
}

interface Right {
  readonly name: CheckName;
  /** Any of them is enough. */
  readonly actions: readonly string[];
  readonly role: string;
  readonly unable: string;
}

const RIGHTS: readonly Right[] = [
  {
    name: 'log_query',
    actions: [
      'Microsoft.OperationalInsights/workspaces/query/read',
      'Microsoft.OperationalInsights/workspaces/analytics/query/action',
    ],
    role: LOG_READER_ROLE,
    unable: 'query the logs',
  },
  {
    name: 'comment_write',
    actions: ['Microsoft.SecurityInsights/incidents/comments/write'],
    role: RESPONDER_ROLE,
    unable: 'comment on incidents',
  },
  {
    name: 'incident_write',
    actions: ['Microsoft.SecurityInsights/incidents/write'],
    role: RESPONDER_ROLE,
    unable: 'change incidents',
  },
];

/** The checks beside the two that a connection cannot do without. */
export const OPTIONAL_CHECKS: readonly CheckName[] = RIGHTS.map(({ name }) => name);

const skipped = (name: CheckName, message: string): WorkspaceCheck => ({ name, status: 'skipped', message });

interface Trying {
  readonly azure: AzureSettings;
  readonly workspace: SentinelWorkspace;
  /** The caller's. */
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
}

/** With a credential that has given out a token. */
interface SignedIn extends Trying {
  readonly credential: Credential;
}

/** The reason where trying failed; throws what is no answer. */
function refusal({ signal, deadline }: Trying, fault: unknown): AppError {
  if (signal.aborted) throw fault;
  if (fault instanceof AppError) return fault;
  if (!deadline.aborted) throw fault;
  return new AppError('unavailable', `Azure did not answer within ${DEADLINE_MS / 1_000} s`, {
    cause: fault,
  });
}

async function attempt(
  trying: Trying,
  name: CheckName,
  work: () => Promise<unknown>,
): Promise<WorkspaceCheck> {
  try {
    await work();
    return { name, status: 'ok' };
  } catch (fault) {
    const refused = refusal(trying, fault);
    const { message } = refused;
    const field = refused instanceof ConnectionError ? refused.field : undefined;
    if (field === undefined) return { name, status: 'failed', message };
    const isForbidden = name === 'incidents_read' && azureStatus(refused) === 403;
    return { name, status: 'denied', field, message, ...(isForbidden && { missingRole: READER_ROLE }) };
  }
}

async function readNewest({ azure, workspace, credential, deadline }: SignedIn): Promise<void> {
  const client = createSentinelClient(azure, workspace, credential);
  const query = { by: 'modified', since: new Date(0).toISOString(), pageSize: 1, signal: deadline } as const;
  await client.incidentPages(query)[Symbol.asyncIterator]().next();
}

function rightCheck(
  permissions: readonly Permission[],
  { name, actions, role, unable }: Right,
  workspace: SentinelWorkspace,
): WorkspaceCheck {
  if (actions.some((action) => isAllowed(permissions, action))) return { name, status: 'ok' };
  const message = `${signerOf(workspace)} may not ${unable}: it lacks the role "${role}" on workspace ${workspace.workspaceName}`;
  return { name, status: 'denied', missingRole: role, message };
}

/** What the permissions say; nothing is written to find out. */
async function checkRights(trying: SignedIn): Promise<WorkspaceCheck[]> {
  const { azure, workspace, credential, deadline } = trying;
  const { resourceManagerUrl } = endpointsOf(azure, workspace.cloud);
  try {
    const permissions = await readPermissions(workspace, {
      resourceManagerUrl,
      credential,
      signal: deadline,
    });
    return RIGHTS.map((right) => rightCheck(permissions, right, workspace));
  } catch (fault) {
    const refused = refusal(trying, fault);
    const why =
      azureStatus(refused) === 403
        ? `${signerOf(workspace)} may not read its own permissions (Microsoft.Authorization/permissions/read), so this is not known`
        : refused.message;
    return OPTIONAL_CHECKS.map((name) => skipped(name, why));
  }
}

async function runChecks(trying: Trying): Promise<WorkspaceCheck[]> {
  const { azure, workspace, deadline } = trying;
  const endpoints = endpointsOf(azure, workspace.cloud);
  const scope = `${endpoints.resourceManagerUrl}/.default`;
  let credential: Credential | undefined;
  const token = await attempt(trying, 'token', async () => {
    credential = createCredential(endpoints, workspace);
    await credential.getToken(scope, { abortSignal: deadline });
  });
  if (!credential || token.status !== 'ok') {
    const untried: CheckName[] = ['incidents_read', ...OPTIONAL_CHECKS];
    return [token, ...untried.map((name) => skipped(name, 'there is no access token to try it with'))];
  }
  const signedIn = { ...trying, credential };
  const [incidents, rights] = await Promise.all([
    attempt(trying, 'incidents_read', () => readNewest(signedIn)),
    checkRights(signedIn),
  ]);
  return [token, incidents, ...rights];
}

/** The check that keeps SoCMate from reading the workspace, if there is one. */
export const failedCheck = (checks: readonly WorkspaceCheck[]): WorkspaceCheck | undefined =>
  checks.find(
    ({ name, status }) => !OPTIONAL_CHECKS.includes(name) && (status === 'denied' || status === 'failed'),
  );

/** Tries what SoCMate needs of a workspace, permission by permission; a refusal is an answer and not an error. */
export async function checkWorkspace(
  azure: AzureSettings,
  workspace: SentinelWorkspace,
  signal: AbortSignal,
): Promise<WorkspaceHealth> {
  const start = performance.now();
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const checks = await runChecks({ azure, workspace, signal, deadline });
  const bad = failedCheck(checks);
  return {
    status: bad ? 'error' : 'healthy',
    message: bad?.message ?? 'SoCMate can read the incidents of this workspace',
    latencyMs: Math.round(performance.now() - start),
    checks,
  };
}
