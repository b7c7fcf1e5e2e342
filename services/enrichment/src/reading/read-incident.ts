import type { IncidentSightings, IncidentToRead } from '@socmate/database';
import {
  type Extraction,
  extractFromText,
  mergeReadings,
  type Reading,
  readRestEntities,
  readTableEntities,
  techniqueOf,
  type Unread,
} from '@socmate/entities';

export interface IncidentReading extends IncidentSightings {
  /** Ids of ATT&CK as they are now, sorted. */
  readonly techniques: readonly string[];
  readonly unread: readonly Unread[];
}

type Bag = Readonly<Record<string, unknown>>;

// A query names what it looks for, custom details what it found.
const TELLING = ['query', 'custom details', 'ip addresses'];
const TEXTS = ['alertdisplayname', 'displayname', 'alertname', 'description'];
const TEXT_MAX = 200_000;

/** Everything that an incident, its entities, its alerts and their texts name. The same incident reads the same. */
export function readIncident(incident: IncidentToRead): IncidentReading {
  const { incidentId, providerId: workspace, firstSeen, lastSeen, alerts, title, description } = incident;
  const extract = createExtractor(workspace);
  const extracted = (texts: readonly string[]): Extraction[] => texts.map(extract);
  const ownTexts = extracted([title, description]);
  const alertTexts = alerts.map((alert) => extracted(textsOf(alert)));
  const parts: Partial<Reading>[] = [
    readRestEntities(incident.entities, workspace),
    ...alerts.map((alert, at) =>
      mergeReadings([...tableEntitiesOf(alert, workspace), ...(alertTexts[at] ?? [])]),
    ),
    mergeReadings(ownTexts),
  ];
  const { entities, relations, unread } = mergeReadings(parts);
  const told = [
    ...incident.techniques,
    ...alerts.flatMap(techniquesOf),
    ...[...ownTexts, ...alertTexts.flat()].flatMap(({ techniques }) => techniques),
  ];
  const techniques = [...new Set(told.flatMap((id) => techniqueOf(id)?.id ?? []))].sort();
  const counted = countParts({ entities, relations }, parts);
  return { incidentId, firstSeen, lastSeen, ...counted, techniques, unread };
}

/** Alerts of one rule have the same texts. */
function createExtractor(workspace: string): (text: string) => Extraction {
  const known = new Map<string, Extraction>();
  return (text) => {
    const found = known.get(text) ?? extractFromText(text.slice(0, TEXT_MAX), workspace);
    known.set(text, found);
    return found;
  };
}

type Fields = ReadonlyMap<string, unknown>;

const isBag = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fieldsOf = (...bags: readonly unknown[]): Fields =>
  new Map(
    bags
      .filter(isBag)
      .flatMap(Object.entries)
      .map(([name, value]) => [name.toLowerCase(), value]),
  );

/** An alert as Sentinel's API or a row of its table has it. */
const alertFields = (alert: Bag): Fields => fieldsOf(alert, alert['properties']);

const additionalFields = (fields: Fields): Fields =>
  fieldsOf(parsed(fields.get('extendedproperties')), parsed(fields.get('additionaldata')));

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function textsOf(alert: Bag): string[] {
  const fields = alertFields(alert);
  const more = additionalFields(fields);
  const texts = [...TEXTS.map((name) => fields.get(name)), ...TELLING.map((name) => more.get(name))];
  return [...new Set(texts.filter((text) => typeof text === 'string'))];
}

/** An alert that carries its entities itself, as a row of the workspace's table does. */
function tableEntitiesOf(alert: Bag, workspace: string): Reading[] {
  const column = alertFields(alert).get('entities');
  return column === undefined || column === null ? [] : [readTableEntities(column, workspace)];
}

function techniquesOf(alert: Bag): string[] {
  const fields = alertFields(alert);
  const more = additionalFields(fields);
  const told = [fields.get('techniques'), fields.get('subtechniques'), more.get('techniques')];
  return [...told, more.get('mitretechniques')].flatMap(idsIn);
}

function idsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(idsIn);
  return typeof value === 'string' ? (value.match(/\bT\d{4}(?:\.\d{3})?\b/gi) ?? []) : [];
}

type Graph = Pick<Reading, 'entities' | 'relations'>;

/** In how many parts of the incident each entity and each relation stands. */
function countParts({ entities, relations }: Graph, parts: readonly Partial<Reading>[]) {
  const keys = new Map(
    entities.flatMap(({ key, aliases }) => [key, ...aliases].map((alias) => [alias, key])),
  );
  for (const { key } of entities) keys.set(key, key);
  const keyOf = (key: string): string => keys.get(key) ?? key;
  const counts = new Map<string, number>();
  for (const { entities: named = [], relations: stated = [] } of parts) {
    const names = [
      ...named.map(({ key }) => keyOf(key)),
      ...stated.map(({ kind, from, to }) => relationName(kind, keyOf(from), keyOf(to))),
    ];
    for (const name of new Set(names)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const countOf = (name: string): number => counts.get(name) ?? 1;
  return {
    entities: entities.map((entity) => ({ ...entity, count: countOf(entity.key) })),
    relations: relations.map((relation) => {
      const { kind, from, to } = relation;
      return { ...relation, count: countOf(relationName(kind, from, to)) };
    }),
  };
}

// No key holds a line break.
const relationName = (kind: string, from: string, to: string): string => `${kind}\n${from}\n${to}`;
