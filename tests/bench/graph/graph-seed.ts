import type { EntityType, RelationKind } from '@socmate/contracts';

const TYPES: readonly EntityType[] = ['ip', 'user', 'host', 'domain', 'hash', 'url', 'process', 'file'];
const KINDS: readonly RelationKind[] = ['CONNECTED_TO', 'SIGNED_IN_FROM', 'RAN_ON', 'COMMUNICATED_WITH'];
const ENTITIES_PER_INCIDENT = 10;
const MENTIONS = 20;
const RELATIONS_PER_ENTITY = 3;
const BEGIN_MS = Date.UTC(2026, 0, 1);

/** A number from 0 to 1, the same for the same arguments. */
export function draw(n: number, salt: number): number {
  let mixed = Math.imul(n ^ (salt * 0x9e3779b9), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

/** Few entities are named by very many incidents, most by a few: the first is in every hundredth mention. */
const popular = (size: number, n: number, salt: number): number => Math.floor(size * draw(n, salt) ** 3);

const anyOne = (size: number, n: number, salt: number): number => Math.floor(size * draw(n, salt));

export const entityKey = (n: number): string => `${TYPES[n % TYPES.length]}:e${n}.bench.example.com`;
export const incidentKey = (n: number): string => `inc_bench_${n}`;
export const incidentsOf = (size: number): number => size / ENTITIES_PER_INCIDENT;

export function seedEntity(n: number) {
  const key = entityKey(n);
  const type = TYPES[n % TYPES.length] ?? 'ip';
  return { key, type, value: key.slice(type.length + 1), strength: 'strong', n };
}

export function seedIncident(n: number) {
  return { key: incidentKey(n), number: n, title: `Incident ${n}`, created_at: BEGIN_MS + n * 60_000 };
}

export interface SeedMention {
  readonly incident: number;
  readonly entity: number;
}

/** Two thirds of what an incident names is popular, a third is any. */
export function seedMentions(size: number, incident: number): SeedMention[] {
  const entities = new Set(
    Array.from({ length: MENTIONS }, (_, place) => {
      const n = incident * MENTIONS + place;
      return place % 3 === 0 ? anyOne(size, n, 1) : popular(size, n, 2);
    }),
  );
  return [...entities].map((entity) => ({ incident, entity }));
}

/** From one entity to others near and far. */
export function seedRelations(size: number, from: number) {
  return Array.from({ length: RELATIONS_PER_ENTITY }, (_, place) => {
    const n = from * RELATIONS_PER_ENTITY + place;
    const to = place === 0 ? popular(size, n, 3) : anyOne(size, n, 4);
    return { from, to, kind: KINDS[n % KINDS.length] ?? 'CONNECTED_TO' };
  }).filter(({ to }) => to !== from);
}

export const RELATION_KINDS = KINDS;
