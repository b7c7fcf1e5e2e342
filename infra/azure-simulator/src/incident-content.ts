import { etag } from './guid.ts';
import type { IncidentRecord, IncidentSource, JsonObject, Resource } from './incident-store.ts';
import { instantAt, laterThan, parseInstant } from './times.ts';

/** An alert of an incident, and the entities that follow it wherever it goes. */
export interface LinkedAlert {
  readonly alert: Resource;
  readonly relation: string;
  readonly entities: readonly Resource[];
}

/** All that an incident that was touched holds. */
export interface IncidentContent {
  readonly body: Resource;
  readonly alerts: readonly LinkedAlert[];
  /** Linked to no alert. */
  readonly entities: readonly Resource[];
  /** Oldest first. */
  readonly comments: readonly Resource[];
}

const relationName = (incident: string, alert: Resource): string => `${incident}_${alert.name}`;

export function contentOf(record: IncidentRecord): IncidentContent {
  const { source } = record;
  if (source.content) return source.content;
  const entities = source.entities(record);
  const alerts = source
    .alerts(record)
    .map((alert) => ({ alert, relation: relationName(record.name, alert), entities }));
  return {
    body: source.body(record),
    alerts,
    entities: alerts.length > 0 ? [] : entities,
    comments: source.comments?.(record) ?? [],
  };
}

function uniqueEntities({ alerts, entities }: IncidentContent): Resource[] {
  const all = [...alerts.flatMap((linked) => linked.entities), ...entities];
  return [...new Map(all.map((entity) => [entity.name, entity])).values()];
}

const contentSource = (content: IncidentContent): IncidentSource => ({
  content,
  body: () => content.body,
  alerts: () => content.alerts.map(({ alert }) => alert),
  entities: () => uniqueEntities(content),
  comments: () => content.comments,
});

/** The record that holds this from now on: modified later than before, under a new etag. */
export function withContent(record: IncidentRecord, content: IncidentContent, at: Date): IncidentRecord {
  const modified = laterThan(record.modified, instantAt(at.getTime()));
  const { body } = content;
  const properties: JsonObject = { ...body.properties, lastModifiedTimeUtc: modified };
  const source = contentSource({
    ...content,
    body: { ...body, etag: etag(body.name, modified), properties },
  });
  const severity = String(properties['severity']);
  return { ...record, modified, severity, status: String(properties['status']), source };
}

export const withProperties = (content: IncidentContent, properties: JsonObject): IncidentContent => ({
  ...content,
  body: { ...content.body, properties },
});

export const additionalData = ({ body }: IncidentContent): JsonObject =>
  (body.properties['additionalData'] as JsonObject | undefined) ?? {};

export function withAdditionalData(content: IncidentContent, data: JsonObject): IncidentContent {
  const merged = { ...additionalData(content), ...data };
  return withProperties(content, { ...content.body.properties, additionalData: merged });
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

export const union = (...lists: readonly unknown[]): unknown[] => [...new Set(lists.flatMap(listOf))];

const countOf = (content: IncidentContent): number => Number(additionalData(content)['alertsCount'] ?? 0);

function activity(alerts: readonly LinkedAlert[], known: JsonObject): JsonObject {
  const times = (field: string, own: unknown): string[] =>
    [...alerts.map(({ alert }) => alert.properties[field]), own]
      .flatMap((time) => parseInstant(String(time)) ?? [])
      .toSorted();
  const first = times('startTimeUtc', known['firstActivityTimeUtc'])[0];
  const last = times('endTimeUtc', known['lastActivityTimeUtc']).at(-1);
  return {
    ...(first !== undefined && { firstActivityTimeUtc: first }),
    ...(last !== undefined && { lastActivityTimeUtc: last }),
  };
}

const each = (alerts: readonly LinkedAlert[], field: string): unknown[] =>
  union(...alerts.map(({ alert }) => alert.properties[field]));
const products = (alerts: readonly LinkedAlert[]): unknown[] =>
  union(alerts.flatMap(({ alert }) => alert.properties['productName'] ?? []));

/** With further alerts, and what an incident tells of its alerts brought up to date. */
export function addAlerts(content: IncidentContent, added: readonly LinkedAlert[]): IncidentContent {
  const known = additionalData(content);
  const counted = withAdditionalData(content, {
    alertsCount: countOf(content) + added.length,
    alertProductNames: union(known['alertProductNames'], products(added)),
    tactics: union(known['tactics'], each(added, 'tactics')),
    techniques: union(known['techniques'], each(added, 'techniques')),
  });
  const properties = { ...counted.body.properties, ...activity(added, counted.body.properties) };
  return { ...withProperties(counted, properties), alerts: [...content.alerts, ...added] };
}

/** Without these alerts; what an incident tells of its alerts is about the ones that stay. */
export function removeAlerts(content: IncidentContent, removed: readonly LinkedAlert[]): IncidentContent {
  const alerts = content.alerts.filter((linked) => !removed.includes(linked));
  const counted = withAdditionalData(content, {
    alertsCount: Math.max(alerts.length, countOf(content) - removed.length),
    alertProductNames: products(alerts),
    tactics: each(alerts, 'tactics'),
    techniques: each(alerts, 'techniques'),
  });
  const properties = { ...counted.body.properties, ...activity(alerts, {}) };
  return { ...withProperties(counted, properties), alerts };
}

export const findAlert = (content: IncidentContent, id: string): LinkedAlert | undefined =>
  content.alerts.find(({ alert }) =>
    [alert.name, alert.properties['systemAlertId']].some(
      (known) => String(known).toLowerCase() === id.toLowerCase(),
    ),
  );

/** As it is linked to another incident; under a name that was asked for, or the one that it gets by itself. */
export const linkedTo = (incident: string, linked: LinkedAlert, relation?: string): LinkedAlert => ({
  ...linked,
  relation: relation ?? relationName(incident, linked.alert),
});
