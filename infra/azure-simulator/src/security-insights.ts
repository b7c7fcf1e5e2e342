import { createAlertHomes } from './alert-homes.ts';
import { queryOption } from './api-version.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { commentRoutes } from './incident-comment-routes.ts';
import { listIncidents } from './incident-list.ts';
import { relationRoutes } from './incident-relations.ts';
import type { IncidentRecord, Resource } from './incident-store.ts';
import { incidentWriteRoutes } from './incident-write-routes.ts';
import {
  createInsightsAccess,
  INCIDENT,
  INCIDENTS,
  type InsightsAccess,
  type SecurityInsightsDeps,
  type SecurityInsightsKind,
} from './insights-access.ts';
import type { Workspace } from './workspace.ts';

function nextLink(call: Call, skipToken: string): string {
  const query = new URLSearchParams(call.query);
  for (const key of call.query.keys()) if (key.toLowerCase() === '$skiptoken') query.delete(key);
  query.set('$skipToken', skipToken);
  return `https://${call.host}${call.path}?${query.toString()}`;
}

function list(call: Call, workspace: Workspace, now: Date): Reply {
  const skipToken = queryOption(call, '$skiptoken');
  const query = {
    filter: queryOption(call, '$filter'),
    orderBy: queryOption(call, '$orderby'),
    top: queryOption(call, '$top'),
  };
  const context = { store: workspace.incidents, epoch: workspace.epoch, nowMs: now.getTime() };
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

function entitiesOf(record: IncidentRecord) {
  const entities = record.source.entities(record);
  return { entities, metaData: metaData(entities) };
}

type DetailAnswer = (record: IncidentRecord) => unknown;

function readRoutes(insights: InsightsAccess, alertsOf: DetailAnswer): Route<SecurityInsightsKind>[] {
  const detail = (kind: 'alerts' | 'entities', answer: DetailAnswer): Route<SecurityInsightsKind> => ({
    method: 'POST',
    path: `${INCIDENT}/${kind}`,
    kind,
    handle: async (call) => {
      const { record } = await insights.counted(call);
      return { status: 200, body: answer(record) };
    },
  });
  return [
    {
      method: 'GET',
      path: INCIDENTS,
      kind: 'incidents',
      handle: async (call) => list(call, await insights.workspace(call), insights.now()),
    },
    {
      method: 'GET',
      path: INCIDENT,
      kind: 'incident',
      handle: async (call) => {
        const { record } = await insights.reading(call, 'incidents/read');
        return { status: 200, body: record.source.body(record) };
      },
    },
    detail('alerts', alertsOf),
    detail('entities', entitiesOf),
  ];
}

/** Incidents of a workspace and what belongs to them, for whoever may read or write them. */
export function securityInsightsRoutes(deps: SecurityInsightsDeps): Route<SecurityInsightsKind>[] {
  const insights = createInsightsAccess(deps);
  const homes = createAlertHomes();
  const alertsOf = (record: IncidentRecord) => {
    const value = record.source.alerts(record);
    homes.saw(record, value);
    return { value };
  };
  return [
    ...readRoutes(insights, alertsOf),
    ...incidentWriteRoutes(insights),
    ...commentRoutes(insights),
    ...relationRoutes(insights, homes),
  ];
}
