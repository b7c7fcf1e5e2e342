import { createUnreadTally, type Reading, readGraph, type UnreadTally } from './graph-reader.ts';
import { createProperties, isBag } from './properties.ts';
import { addRole, type RawEntity } from './raw-entity.ts';

interface Reference {
  readonly role: string;
  readonly id: string;
}

/** Reads what `POST incidents/{id}/entities` answers, or its `entities` alone. Never throws. */
export function readRestEntities(answer: unknown, workspace: string): Reading {
  const tally = createUnreadTally();
  const list = isBag(answer) ? (answer['entities'] ?? answer['value']) : answer;
  if (!Array.isArray(list)) {
    if (list !== undefined && list !== null) tally.add('not_an_entity', typeof list);
    return { entities: [], relations: [], unread: tally.list() };
  }
  const raws: MutableRaw[] = [];
  const byId = new Map<string, MutableRaw>();
  for (const item of list) addItem(item, raws, byId, tally);
  for (const raw of raws) resolveReferences(raw, byId, tally);
  return readGraph(raws, { workspace, source: 'sentinel', confidence: 1 }, tally);
}

interface MutableRaw extends RawEntity {
  readonly roles: Map<string, RawEntity[]>;
  readonly references: readonly Reference[];
}

function addItem(item: unknown, raws: MutableRaw[], byId: Map<string, MutableRaw>, tally: UnreadTally): void {
  if (!isBag(item) || typeof item['kind'] !== 'string') return tally.add('not_an_entity', typeof item);
  const own = isBag(item['properties']) ? item['properties'] : {};
  const more = isBag(own['additionalData']) ? own['additionalData'] : {};
  const { kind } = item;
  const raw = {
    kind,
    properties: createProperties(own, more),
    roles: new Map(),
    references: referencesOf(own),
  };
  raws.push(raw);
  for (const id of [item['id'], item['name']]) {
    // Names of sample data repeat: the first keeps its place.
    if (typeof id === 'string' && !byId.has(id.toLowerCase())) byId.set(id.toLowerCase(), raw);
  }
}

const REFERENCE = /^(.+?)EntityIds?$/;

function referencesOf(own: Record<string, unknown>): Reference[] {
  return Object.entries(own).flatMap(([name, value]) => {
    const role = name === 'imageFileId' ? 'imagefile' : REFERENCE.exec(name)?.[1]?.toLowerCase();
    if (role === undefined) return [];
    const ids = Array.isArray(value) ? value : [value];
    return ids.flatMap((id) => (typeof id === 'string' && id !== '' ? [{ role, id }] : []));
  });
}

function resolveReferences(raw: MutableRaw, byId: Map<string, MutableRaw>, tally: UnreadTally): void {
  for (const { role, id } of raw.references) {
    const found = byId.get(id.toLowerCase()) ?? byId.get(id.slice(id.lastIndexOf('/') + 1).toLowerCase());
    if (found === undefined) tally.add('dangling_reference', `${raw.kind}.${role}`);
    else addRole(raw.roles, role, found);
  }
}
