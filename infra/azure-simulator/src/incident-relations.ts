import type { AlertHomes } from './alert-homes.ts';
import { badRequest } from './arm-error.ts';
import { etag } from './guid.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { contentOf, findAlert, type IncidentContent, type LinkedAlert } from './incident-content.ts';
import { parseRelationRequest, requireFresh } from './incident-requests.ts';
import type { Resource } from './incident-store.ts';
import { INCIDENT, type InsightsAccess, noSuch } from './insights-access.ts';
import type { Workspace } from './workspace.ts';

const RELATIONS = `${INCIDENT}/relations`;
const RELATION = `${RELATIONS}/:relation`;

function relationBody({ body }: IncidentContent, { alert, relation }: LinkedAlert): Resource {
  return {
    id: `${body.id}/relations/${relation}`,
    name: relation,
    etag: etag(relation, alert.name),
    type: 'Microsoft.SecurityInsights/Incidents/relations',
    properties: {
      relatedResourceId: alert.id,
      relatedResourceName: alert.name,
      relatedResourceType: 'Microsoft.SecurityInsights/entities',
      relatedResourceKind: 'SecurityAlert',
    },
  };
}

const findRelation = ({ alerts }: IncidentContent, name: string): LinkedAlert | undefined =>
  alerts.find(({ relation }) => relation.toLowerCase() === name.toLowerCase());

async function list(call: Call, insights: InsightsAccess): Promise<Reply> {
  const { record } = await insights.reading(call, 'incidents/relations/read');
  const content = contentOf(record);
  return { status: 200, body: { value: content.alerts.map((linked) => relationBody(content, linked)) } };
}

async function get(call: Call, insights: InsightsAccess): Promise<Reply> {
  const { record } = await insights.reading(call, 'incidents/relations/read');
  const content = contentOf(record);
  const name = call.params['relation'] ?? '';
  const linked = findRelation(content, name);
  if (!linked) throw noSuch(name);
  return { status: 200, body: relationBody(content, linked) };
}

function alertNameIn(relatedResourceId: string, workspace: Workspace): string {
  const entities = `${workspace.id}/providers/Microsoft.SecurityInsights/entities/`;
  const name = relatedResourceId.slice(entities.length);
  const isEntity = relatedResourceId.toLowerCase().startsWith(entities.toLowerCase());
  if (isEntity && name !== '' && !name.includes('/')) return name;
  throw badRequest(`Invalid value for 'properties.relatedResourceId': no alert of this workspace`);
}

/** An alert belongs to one incident: relating it to another one moves it there. */
async function put(call: Call, insights: InsightsAccess, homes: AlertHomes): Promise<Reply> {
  const { workspace } = await insights.writing(call, 'incidents/relations/write');
  const target = insights.incident(call, workspace);
  const { etag: version, properties } = parseRelationRequest(call);
  const relation = call.params['relation'] ?? '';
  const content = contentOf(target);
  const known = findRelation(content, relation);
  requireFresh(call, version, known && relationBody(content, known));
  const alert = alertNameIn(properties.relatedResourceId, workspace);
  const linked = findAlert(content, alert);
  if (linked) return { status: 200, body: relationBody(content, linked) };
  if (known) throw badRequest(`Relation '${relation}' is about another resource`);
  const source = homes.find(alert, workspace.incidents);
  if (!source) throw badRequest(`Related resource '${alert}' does not exist`);
  const moved = insights.perform({
    op: 'move',
    workspace: workspace.name,
    number: source.number,
    alert,
    to: target.number,
    relation,
  });
  const grown = moved.find(({ number }) => number === target.number);
  const own = grown && findAlert(contentOf(grown), alert);
  return { status: 201, body: grown && own && relationBody(contentOf(grown), own) };
}

export function relationRoutes(insights: InsightsAccess, homes: AlertHomes): Route<'relations'>[] {
  const kind = 'relations';
  return [
    { method: 'GET', path: RELATIONS, kind, handle: (call) => list(call, insights) },
    { method: 'GET', path: RELATION, kind, handle: (call) => get(call, insights) },
    { method: 'PUT', path: RELATION, kind, handle: (call) => put(call, insights, homes) },
  ];
}
