import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { IncidentRecord, JsonObject, Resource } from './incident-store.ts';
import { parseInstant } from './times.ts';

/** The files whose alerts and entities belong to an incident but are not named after it. */
const COMPANIONS: Record<string, { alerts: string; entities: string; comments?: string }> = {
  'spec_GetIncidentById.json': {
    alerts: 'spec_GetAllIncidentAlerts.json',
    entities: 'spec_GetAllIncidentEntities.json',
    comments: 'spec_GetAllIncidentComments.json',
  },
  'spec_GetIncidents.json': {
    alerts: 'spec_GetAllIncidentAlerts.json',
    entities: 'spec_GetAllIncidentEntities.json',
    comments: 'spec_GetAllIncidentComments.json',
  },
  'xsoar_incident_update_response.json': {
    alerts: 'xsoar_incident_alerts.json',
    entities: 'xsoar_account_entity_with_additionalData.json',
  },
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isIncident(value: unknown): value is Resource {
  return (
    isObject(value) &&
    typeof value['name'] === 'string' &&
    isObject(value['properties']) &&
    Number.isInteger(value['properties']['incidentNumber'])
  );
}

function incidentsIn(value: unknown): Resource[] {
  if (isIncident(value)) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(incidentsIn);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function readList(folder: string, file: string | undefined, field: string): readonly Resource[] {
  if (!file || !readdirSync(folder).includes(file)) return [];
  const body = readJson(join(folder, file));
  const list = isObject(body) ? body[field] : undefined;
  return Array.isArray(list) ? (list as Resource[]) : [];
}

function recordOf(body: Resource, folder: string, file: string): IncidentRecord {
  const companions: (typeof COMPANIONS)[string] = COMPANIONS[file] ?? {
    alerts: file.replace(/\.incident\.json$/, '.alerts.json'),
    entities: file.replace(/\.incident\.json$/, '.entities.json'),
  };
  const { properties } = body;
  const alerts = readList(folder, companions.alerts, 'value');
  const entities = readList(folder, companions.entities, 'entities');
  const comments = readList(folder, companions.comments, 'value');
  return {
    name: body.name,
    number: Number(properties['incidentNumber']),
    created: parseInstant(String(properties['createdTimeUtc'])) ?? '',
    modified: parseInstant(String(properties['lastModifiedTimeUtc'])) ?? '',
    severity: String(properties['severity']),
    status: String(properties['status']),
    source: { body: () => body, alerts: () => alerts, entities: () => entities, comments: () => comments },
  };
}

/**
 * Every incident of a folder as it is in its file, however deep; one that occurs twice counts once, by its name.
 * Numbers are unique within a workspace: what would collide comes in a further list.
 */
export function readSamples(folder: string): readonly (readonly IncidentRecord[])[] {
  const names = new Set<string>();
  const lists: Map<number, IncidentRecord>[] = [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  for (const file of files.toSorted()) {
    for (const incident of incidentsIn(readJson(join(folder, file)))) {
      if (names.has(incident.name)) continue;
      names.add(incident.name);
      const record = recordOf(incident, folder, basename(file));
      let list = lists.find((known) => !known.has(record.number));
      if (!list) lists.push((list = new Map()));
      list.set(record.number, record);
    }
  }
  return lists.map((list) => [...list.values()]);
}
