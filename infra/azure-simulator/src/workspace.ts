import { guid } from './guid.ts';
import { createIncidentStore, type IncidentStore } from './incident-store.ts';
import type { Subscription, Tenant } from './tenant.ts';

export interface Workspace {
  readonly name: string;
  readonly subscription: Subscription;
  readonly resourceGroup: string;
  /** The GUID that people know a workspace by. */
  readonly customerId: string;
  /** Its ARM id. */
  readonly id: string;
  readonly incidents: IncidentStore;
  /** Changes with every reset. */
  epoch: string;
}

/** What connects to a workspace; `workspace_id` is its GUID. */
export interface WorkspaceConnection {
  readonly name: string;
  readonly workspace_id: string;
  readonly tenant_id: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly subscription_id: string;
  readonly resource_group: string;
  readonly workspace_name: string;
}

export interface WorkspacePlace {
  readonly name: string;
  readonly subscription: string;
  readonly resourceGroup: string;
}

export function createWorkspace(
  tenant: Tenant,
  { name, resourceGroup, ...place }: WorkspacePlace,
): Workspace {
  const subscription = tenant.subscription(place.subscription);
  const group = `/subscriptions/${subscription.id}/resourceGroups/${resourceGroup}`;
  return {
    name,
    subscription,
    resourceGroup,
    customerId: guid(tenant.seed, 'customer', name),
    id: `${group}/providers/Microsoft.OperationalInsights/workspaces/${name}`,
    incidents: createIncidentStore(),
    epoch: 'start',
  };
}

export function connectionOf(workspace: Workspace, tenant: Tenant): WorkspaceConnection {
  const [application] = tenant.applications;
  return {
    name: workspace.name,
    workspace_id: workspace.customerId,
    tenant_id: tenant.id,
    client_id: application?.clientId ?? '',
    client_secret: application?.clientSecret ?? '',
    subscription_id: workspace.subscription.id,
    resource_group: workspace.resourceGroup,
    workspace_name: workspace.name,
  };
}

/** Looks names up as Azure does: without regard to case. */
export interface Workspaces {
  readonly all: readonly Workspace[];
  add(workspace: Workspace): void;
  named(name: string): Workspace | undefined;
}

export function createWorkspaces(): Workspaces {
  const all: Workspace[] = [];
  return {
    all,
    add: (workspace) => all.push(workspace),
    named: (name) => all.find((known) => known.name === name.toLowerCase()),
  };
}
