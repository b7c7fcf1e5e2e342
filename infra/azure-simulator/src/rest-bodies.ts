import { etag, guid } from './guid.ts';
import type { JsonObject, Resource } from './incident-store.ts';
import { parseInstant } from './times.ts';
import type { Workspace } from './workspace.ts';

const PROVIDER = 'providers/Microsoft.SecurityInsights';

/** What a scenario or the generator says about an alert: its REST properties, the identity left out. */
export type AlertFacts = JsonObject & {
  readonly alertDisplayName: string;
  readonly severity: string;
  readonly productName: string;
  readonly tactics?: readonly string[];
  readonly techniques?: readonly string[];
};

export interface EntityFacts {
  readonly kind: string;
  readonly properties: JsonObject;
}

export interface Occurrence {
  readonly workspace: Workspace;
  readonly seed: string;
  readonly number: number;
  readonly created: string;
  readonly modified: string;
  /** Given where a client chose it. */
  readonly name?: string;
}

export const incidentName = (seed: string, workspace: string, number: number): string =>
  guid(seed, workspace, 'incident', number);

const union = (lists: readonly (readonly unknown[] | undefined)[]): unknown[] => [
  ...new Set(lists.flatMap((list) => list ?? [])),
];

const instants = (alerts: readonly AlertFacts[], field: string): string[] =>
  alerts.flatMap((alert) => parseInstant(String(alert[field])) ?? []).toSorted();

function derivedProperties(alerts: readonly AlertFacts[], created: string): JsonObject {
  return {
    status: 'New',
    owner: { objectId: null, email: null, assignedTo: null, userPrincipalName: null },
    labels: [],
    firstActivityTimeUtc: instants(alerts, 'startTimeUtc')[0] ?? created,
    lastActivityTimeUtc: instants(alerts, 'endTimeUtc').at(-1) ?? created,
    relatedAnalyticRuleIds: [],
    providerName: 'Microsoft XDR',
  };
}

/** The incident as `GET incidents/{id}` shows it; what `facts` leaves open follows from its alerts. */
export function incidentBody(at: Occurrence, facts: JsonObject, alerts: readonly AlertFacts[]): Resource {
  const { workspace, seed, number, created, modified } = at;
  const name = at.name ?? incidentName(seed, workspace.name, number);
  const id = `${workspace.id}/${PROVIDER}/Incidents/${name}`;
  return {
    id,
    name,
    etag: etag(seed, name, modified),
    type: 'Microsoft.SecurityInsights/Incidents',
    properties: {
      ...derivedProperties(alerts, created),
      ...facts,
      lastModifiedTimeUtc: modified,
      createdTimeUtc: created,
      incidentNumber: number,
      additionalData: {
        alertsCount: alerts.length,
        bookmarksCount: 0,
        commentsCount: 0,
        alertProductNames: union([alerts.map((alert) => alert.productName)]),
        tactics: union(alerts.map((alert) => alert.tactics)),
        techniques: union(alerts.map((alert) => alert.techniques)),
        ...(facts['additionalData'] as JsonObject | undefined),
      },
      incidentUrl: `https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident${id}`,
      providerIncidentId: String(number),
    },
  };
}

const entityResource = (
  workspace: Workspace,
  name: string,
  kind: string,
  properties: JsonObject,
): Resource => ({
  id: `${workspace.id}/${PROVIDER}/Entities/${name}`,
  name,
  type: 'Microsoft.SecurityInsights/Entities',
  kind,
  properties,
});

const logAnalyticsOf = ({ customerId, subscription, resourceGroup }: Workspace) => ({
  type: 'LogAnalytics',
  workspaceId: customerId,
  subscriptionId: subscription.id,
  resourceGroup,
});

/** Alerts are new with every occurrence; the same incident shows the same ones. */
export function alertBodies(at: Occurrence, alerts: readonly AlertFacts[]): Resource[] {
  const { workspace, seed, number } = at;
  return alerts.map((alert, position) => {
    const name = guid(seed, workspace.name, 'alert', number, position);
    const end = parseInstant(String(alert['endTimeUtc'])) ?? at.created;
    return entityResource(workspace, name, 'SecurityAlert', {
      systemAlertId: name,
      confidenceLevel: 'Unknown',
      vendorName: 'Microsoft',
      status: 'New',
      tactics: [],
      startTimeUtc: end,
      endTimeUtc: end,
      processingEndTime: at.created,
      timeGenerated: at.created,
      resourceIdentifiers: [logAnalyticsOf(workspace)],
      additionalData: {},
      ...alert,
      friendlyName: alert.alertDisplayName,
    });
  });
}

/** An entity has one name in a workspace, whichever incident shows it. */
export function entityBodies({ workspace, seed }: Occurrence, entities: readonly EntityFacts[]): Resource[] {
  return entities.map(({ kind, properties }) =>
    entityResource(workspace, guid(seed, workspace.name, kind, JSON.stringify(properties)), kind, properties),
  );
}
