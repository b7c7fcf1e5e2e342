import { queryOption, requireApiVersion } from './api-version.ts';
import type { ArmAccess } from './arm.ts';
import { ArmError } from './arm-error.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { listIncidents } from './incident-list.ts';
import type { IncidentRecord, Resource } from './incident-store.ts';
import type { ReadQuota } from './read-quota.ts';
import type { Workspace } from './workspace.ts';

const API_VERSION = '2025-09-01';
const WORKSPACE =
  '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.OperationalInsights/workspaces/:workspace';
const INCIDENTS = `${WORKSPACE}/providers/Microsoft.SecurityInsights/incidents`;

export interface SecurityInsightsDeps {
  readonly access: ArmAccess;
  readonly quota: ReadQuota;
  readonly now: () => Date;
}

export type SecurityInsightsKind = 'incidents' | 'incident' | 'alerts' | 'entities';

function nextLink(call: Call, skipToken: string): string {
  const query = new URLSearchParams(call.query);
  for (const key of call.query.keys()) if (key.toLowerCase() === '$skiptoken') query.delete(key);
  query.set('$skipToken', skipToken);
  return `https://${call.host}${call.path}?${query.toString()}`;
}

function list(call: Call, workspace: Workspace, deps: SecurityInsightsDeps): Reply {
  const skipToken = queryOption(call, '$skiptoken');
  const query = {
    filter: queryOption(call, '$filter'),
    orderBy: queryOption(call, '$orderby'),
    top: queryOption(call, '$top'),
  };
  const context = { store: workspace.incidents, epoch: workspace.epoch, nowMs: deps.now().getTime() };
  const page = listIncidents({ ...query, skipToken, isShort: call.faults.has('partial') }, context);
  const value = page.records.map((record) => record.source.body(record));
  return {
    status: 200,
    body: page.skipToken ? { value, nextLink: nextLink(call, page.skipToken) } : { value },
  };
}

function metaData(entities: readonly Resource[]): { entityKind: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { kind = '' } of entities) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([entityKind, count]) => ({ entityKind, count }));
}

async function open(call: Call, { access }: SecurityInsightsDeps): Promise<Workspace> {
  const application = await access.authenticate(call);
  requireApiVersion(call, API_VERSION);
  const action = 'Microsoft.SecurityInsights/incidents/read';
  return access.workspace(call, application, { action });
}

function incidentOf(call: Call, { incidents }: Workspace): IncidentRecord {
  const name = call.params['incident'] ?? '';
  const found = incidents.byName(name);
  if (!found) throw new ArmError(404, 'NotFound', `Resource '${name}' does not exist`);
  return found;
}

function entitiesOf(record: IncidentRecord) {
  const entities = record.source.entities(record);
  return { entities, metaData: metaData(entities) };
}

/** Incidents of a workspace, their alerts and entities, for whoever may read them. */
export function securityInsightsRoutes(deps: SecurityInsightsDeps): Route<SecurityInsightsKind>[] {
  const counted = async (call: Call, answer: (record: IncidentRecord) => unknown): Promise<Reply> => {
    const workspace = await open(call, deps);
    deps.quota.take(workspace.subscription.id);
    return { status: 200, body: answer(incidentOf(call, workspace)) };
  };
  const one = async (call: Call): Promise<Reply> => {
    const workspace = await open(call, deps);
    const record = incidentOf(call, workspace);
    return { status: 200, body: record.source.body(record) };
  };
  const path = `${INCIDENTS}/:incident`;
  return [
    {
      method: 'GET',
      path: INCIDENTS,
      kind: 'incidents',
      handle: async (call) => list(call, await open(call, deps), deps),
    },
    { method: 'GET', path, kind: 'incident', handle: one },
    {
      method: 'POST',
      path: `${path}/alerts`,
      kind: 'alerts',
      handle: (call) => counted(call, (record) => ({ value: record.source.alerts(record) })),
    },
    {
      method: 'POST',
      path: `${path}/entities`,
      kind: 'entities',
      handle: (call) => counted(call, entitiesOf),
    },
  ];
}
