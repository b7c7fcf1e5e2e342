import { requireApiVersion } from './api-version.ts';
import type { ArmAccess } from './arm.ts';
import { ArmError } from './arm-error.ts';
import type { Call } from './http-routes.ts';
import type { IncidentRecord } from './incident-store.ts';
import type { NewOperation } from './journal.ts';
import type { Quotas } from './quotas.ts';
import type { SimulatedTenant } from './simulated-tenant.ts';
import type { Application } from './tenant.ts';
import type { Workspace } from './workspace.ts';

const API_VERSION = '2025-09-01';
const WORKSPACE =
  '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.OperationalInsights/workspaces/:workspace';
export const INCIDENTS = `${WORKSPACE}/providers/Microsoft.SecurityInsights/incidents`;
export const INCIDENT = `${INCIDENTS}/:incident`;

export interface SecurityInsightsDeps {
  readonly access: ArmAccess;
  readonly quota: Quotas;
  readonly simulated: SimulatedTenant;
  readonly now: () => Date;
}

export type SecurityInsightsKind =
  | 'incidents'
  | 'incident'
  | 'alerts'
  | 'entities'
  | 'comments'
  | 'relations';

interface Opened {
  readonly workspace: Workspace;
  readonly application: Application;
}

interface OpenedIncident extends Opened {
  readonly record: IncidentRecord;
}

/** What each request to SecurityInsights goes through; actions are named below `Microsoft.SecurityInsights`. */
export interface InsightsAccess {
  workspace(call: Call): Promise<Workspace>;
  reading(call: Call, action: string): Promise<OpenedIncident>;
  /** A read of alerts or entities. */
  counted(call: Call): Promise<OpenedIncident>;
  /** A write; the incident need not exist yet. */
  writing(call: Call, action: string): Promise<Opened>;
  incident(call: Call, workspace: Workspace): IncidentRecord;
  perform(operation: NewOperation): readonly IncidentRecord[];
  now(): Date;
}

export const noSuch = (name: string): ArmError =>
  new ArmError(404, 'NotFound', `Resource '${name}' does not exist`);

function incidentOf(call: Call, { incidents }: Workspace): IncidentRecord {
  const name = call.params['incident'] ?? '';
  const found = incidents.byName(name);
  if (!found) throw noSuch(name);
  return found;
}

export function createInsightsAccess({
  access,
  quota,
  simulated,
  now,
}: SecurityInsightsDeps): InsightsAccess {
  const open = async (call: Call, action: string): Promise<Opened> => {
    const application = await access.authenticate(call);
    requireApiVersion(call, API_VERSION);
    const needed = { action: `Microsoft.SecurityInsights/${action}` };
    return { application, workspace: access.workspace(call, application, needed) };
  };
  const reading: InsightsAccess['reading'] = async (call, action) => {
    const opened = await open(call, action);
    return { ...opened, record: incidentOf(call, opened.workspace) };
  };
  return {
    now,
    reading,
    incident: incidentOf,
    perform: (operation) => simulated.perform(operation, now()),
    workspace: async (call) => (await open(call, 'incidents/read')).workspace,
    counted: async (call) => {
      const opened = await open(call, 'incidents/read');
      quota.takeRead(opened.workspace.subscription.id);
      return { ...opened, record: incidentOf(call, opened.workspace) };
    },
    writing: async (call, action) => {
      const opened = await open(call, action);
      quota.takeWrite(opened.workspace.subscription.id);
      return opened;
    },
  };
}
