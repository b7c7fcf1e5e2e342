import type { AccessTokens } from './access-tokens.ts';
import { requireApiVersion } from './api-version.ts';
import { ArmError } from './arm-error.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { isAllowed } from './roles.ts';
import type { Application, Subscription, Tenant } from './tenant.ts';
import type { Workspace, Workspaces } from './workspace.ts';

export interface ArmDeps {
  readonly tenant: Tenant;
  readonly tokens: AccessTokens;
  readonly workspaces: Workspaces;
  readonly isArmAudience: (audience: string) => boolean;
}

interface Needed {
  /** As Azure names it: `Microsoft.SecurityInsights/incidents/write`. */
  readonly action: string;
}

/** Who asks, and whether they may: what every ARM request goes through. */
export interface ArmAccess {
  authenticate(call: Call): Promise<Application>;
  subscription(call: Call, application: Application, needed: Needed): Subscription;
  workspace(call: Call, application: Application, needed: Needed): Workspace;
}

function requireGrant(application: Application, { action }: Needed, scope: string): void {
  if (isAllowed(application.roles, action)) return;
  const message = `The client '${application.clientId}' with object id '${application.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`;
  throw new ArmError(403, 'AuthorizationFailed', message);
}

function findWorkspace(call: Call, subscription: Subscription, workspaces: Workspaces): Workspace {
  const { group = '', workspace: name = '' } = call.params;
  const inGroup = workspaces.all.filter(
    (known) =>
      known.subscription.id === subscription.id && known.resourceGroup.toLowerCase() === group.toLowerCase(),
  );
  if (inGroup.length === 0) {
    throw new ArmError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);
  }
  const found = inGroup.find((known) => known.name === name.toLowerCase());
  if (found) return found;
  const message = `The Resource 'Microsoft.OperationalInsights/workspaces/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  throw new ArmError(404, 'ResourceNotFound', message);
}

export function createArmAccess({ tokens, workspaces, isArmAudience }: ArmDeps): ArmAccess {
  const find = (call: Call): Subscription => {
    const id = call.params['subscription'] ?? '';
    const found = workspaces.all.find(({ subscription }) => subscription.id === id.toLowerCase());
    if (found) return found.subscription;
    throw new ArmError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`);
  };
  return {
    authenticate: (call) => tokens.verify(call.headers.authorization, isArmAudience),
    subscription: (call, application, needed) => {
      const subscription = find(call);
      requireGrant(application, needed, `/subscriptions/${subscription.id}`);
      return subscription;
    },
    workspace: (call, application, needed) => {
      const subscription = find(call);
      requireGrant(application, needed, call.path);
      return findWorkspace(call, subscription, workspaces);
    },
  };
}

const subscriptionBody = ({ id, displayName }: Subscription, tenant: Tenant) => ({
  id: `/subscriptions/${id}`,
  authorizationSource: 'RoleBased',
  managedByTenants: [],
  subscriptionId: id,
  tenantId: tenant.id,
  displayName,
  state: 'Enabled',
  subscriptionPolicies: {
    locationPlacementId: 'Public_2014-09-01',
    quotaId: 'EnterpriseAgreement_2014-09-01',
    spendingLimit: 'Off',
  },
});

const workspaceBody = (workspace: Workspace) => ({
  properties: {
    source: 'Azure',
    customerId: workspace.customerId,
    provisioningState: 'Succeeded',
    sku: { name: 'PerGB2018', lastSkuUpdate: '2024-01-15T08:20:11.4170000Z' },
    retentionInDays: 90,
    features: { legacy: 0, searchVersion: 1, enableLogAccessUsingOnlyResourcePermissions: true },
    workspaceCapping: {
      dailyQuotaGb: -1,
      quotaNextResetTime: '2024-01-16T06:00:00Z',
      dataIngestionStatus: 'RespectQuota',
    },
    publicNetworkAccessForIngestion: 'Enabled',
    publicNetworkAccessForQuery: 'Enabled',
    createdDate: '2024-01-15T08:20:11.4170000Z',
    modifiedDate: '2024-01-15T08:20:14.0210000Z',
  },
  location: 'westeurope',
  tags: {},
  id: workspace.id,
  name: workspace.name,
  type: 'Microsoft.OperationalInsights/workspaces',
  etag: `"${workspace.customerId}"`,
});

function uniqueSubscriptions(workspaces: Workspaces): Subscription[] {
  return [...new Map(workspaces.all.map(({ subscription }) => [subscription.id, subscription])).values()];
}

const READ_WORKSPACE: Needed = { action: 'Microsoft.OperationalInsights/workspaces/read' };

/** Subscriptions and workspaces: how a client that knows only a workspace's GUID finds the rest. */
export function armRoutes(deps: ArmDeps, access: ArmAccess): Route<'subscriptions' | 'workspaces'>[] {
  const { tenant, workspaces } = deps;
  const subscriptions = async (call: Call): Promise<Reply> => {
    const application = await access.authenticate(call);
    requireApiVersion(call);
    const visible = application.roles.length > 0 ? uniqueSubscriptions(workspaces) : [];
    const value = visible.map((subscription) => subscriptionBody(subscription, tenant));
    return { status: 200, body: { value, count: { type: 'Total', value: value.length } } };
  };
  const listWorkspaces = async (call: Call): Promise<Reply> => {
    const application = await access.authenticate(call);
    requireApiVersion(call);
    const { id } = access.subscription(call, application, READ_WORKSPACE);
    const value = workspaces.all.filter(({ subscription }) => subscription.id === id).map(workspaceBody);
    return { status: 200, body: { value } };
  };
  const workspace = async (call: Call): Promise<Reply> => {
    const application = await access.authenticate(call);
    requireApiVersion(call);
    return { status: 200, body: workspaceBody(access.workspace(call, application, READ_WORKSPACE)) };
  };
  const base = '/subscriptions/:subscription';
  const provider = 'providers/Microsoft.OperationalInsights/workspaces';
  return [
    { method: 'GET', path: '/subscriptions', kind: 'subscriptions', handle: subscriptions },
    { method: 'GET', path: `${base}/${provider}`, kind: 'workspaces', handle: listWorkspaces },
    {
      method: 'GET',
      path: `${base}/resourceGroups/:group/${provider}/:workspace`,
      kind: 'workspaces',
      handle: workspace,
    },
  ];
}
