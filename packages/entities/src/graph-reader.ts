import type { Entity, Relation } from '@socmate/contracts';
import { derivedFrom } from './derived.ts';
import { createEntity, type Sighting } from './entity.ts';
import { describerOf, normaliseKind } from './kinds.ts';
import { mergeEntities } from './merge.ts';
import type { RawEntity } from './raw-entity.ts';
import { relationsOf } from './relations.ts';

export type UnreadReason =
  | 'not_json'
  | 'not_an_entity'
  | 'unknown_kind'
  | 'no_identity'
  | 'dangling_reference';

/** What was there and could not be used, so that nobody need guess why an entity is missing. */
export interface Unread {
  readonly reason: UnreadReason;
  readonly kind: string;
  readonly count: number;
}

export interface Reading {
  readonly entities: Entity[];
  readonly relations: Relation[];
  readonly unread: Unread[];
}

// Logon sessions say something of others and are no entities themselves.
const CARRIERS = new Set(['hostlogonsession', 'cloudlogonsession', 'cloudlogonrequest']);

export function readGraph(raws: readonly RawEntity[], sighting: Sighting, tally: UnreadTally): Reading {
  const read = new Map<RawEntity, Entity | undefined>();
  for (const raw of raws) read.set(raw, readOne(raw, sighting, tally));
  const relations = raws.flatMap((raw) => relationsOf(raw, (each) => read.get(each)?.key));
  const entities = [...read.values()].filter((entity) => entity !== undefined);
  const derived = derivedFrom(raws, (raw) => read.get(raw), sighting);
  return settle([...entities, ...derived.entities], [...relations, ...derived.relations], tally);
}

/** Entities of one identity are one; relations follow them to the key that remains. */
export function settle(
  entities: readonly Entity[],
  relations: readonly Relation[],
  tally: UnreadTally,
): Reading {
  const merged = mergeEntities(entities);
  const keys = new Map(merged.flatMap(({ key, aliases }) => aliases.map((alias) => [alias, key] as const)));
  for (const { key } of merged) keys.set(key, key);
  const moved = new Map<string, Relation>();
  for (const { from, to, kind } of relations) {
    const relation = { from: keys.get(from) ?? from, to: keys.get(to) ?? to, kind };
    if (relation.from !== relation.to) moved.set(`${kind}\n${relation.from}\n${relation.to}`, relation);
  }
  return { entities: merged, relations: [...moved.values()], unread: tally.list() };
}

function readOne(raw: RawEntity, sighting: Sighting, tally: UnreadTally): Entity | undefined {
  const describe = describerOf(raw.kind);
  if (describe === undefined) {
    if (!CARRIERS.has(normaliseKind(raw.kind))) tally.add('unknown_kind', raw.kind);
    return undefined;
  }
  const related = (role: string) => raw.roles.get(role)?.[0]?.properties;
  const described = describe(raw.properties, { workspace: sighting.workspace, related });
  const attributes = { ...raw.properties.attributes(), ...described?.attributes };
  const entity = described && createEntity({ ...described, attributes }, sighting);
  if (entity === undefined && !CARRIERS.has(normaliseKind(raw.kind))) tally.add('no_identity', raw.kind);
  return entity;
}

export interface UnreadTally {
  add(reason: UnreadReason, kind: string, count?: number): void;
  list(): Unread[];
}

export function createUnreadTally(): UnreadTally {
  const counts = new Map<string, Unread>();
  return {
    add(reason, kind, count = 1) {
      const name = kind.slice(0, 100);
      const known = counts.get(`${reason}\n${name}`);
      counts.set(`${reason}\n${name}`, { reason, kind: name, count: (known?.count ?? 0) + count });
    },
    list: () => [...counts.values()],
  };
}
