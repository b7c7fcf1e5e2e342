import { badRequest } from './arm-error.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { parseIncidentRequest, requireFresh } from './incident-requests.ts';
import { INCIDENT, type InsightsAccess } from './insights-access.ts';

const INCIDENT_NAME = /^[A-Za-z0-9-]{1,128}$/;

async function put(call: Call, insights: InsightsAccess): Promise<Reply> {
  const { workspace } = await insights.writing(call, 'incidents/write');
  const { etag, properties } = parseIncidentRequest(call);
  const name = call.params['incident'] ?? '';
  const known = workspace.incidents.byName(name);
  requireFresh(call, etag, known?.source.body(known));
  if (!known && !INCIDENT_NAME.test(name)) throw badRequest(`Invalid incident id '${name}'`);
  const [record] = insights.perform({
    op: 'put',
    workspace: workspace.name,
    number: known?.number ?? workspace.incidents.nextNumber(),
    name: known?.name ?? name,
    replacement: properties,
  });
  return { status: known ? 200 : 201, body: record?.source.body(record) };
}

async function remove(call: Call, insights: InsightsAccess): Promise<Reply> {
  const { workspace } = await insights.writing(call, 'incidents/delete');
  const known = workspace.incidents.byName(call.params['incident'] ?? '');
  if (!known) return { status: 204 };
  requireFresh(call, undefined, known.source.body(known));
  insights.perform({ op: 'delete', workspace: workspace.name, number: known.number });
  return { status: 200 };
}

export const incidentWriteRoutes = (insights: InsightsAccess): Route<'incident'>[] => [
  { method: 'PUT', path: INCIDENT, kind: 'incident', handle: (call) => put(call, insights) },
  { method: 'DELETE', path: INCIDENT, kind: 'incident', handle: (call) => remove(call, insights) },
];
