import type { Entity, EntitySource, Relation, RelationKind } from '@socmate/contracts';
import { isWeakKey, mergeReadings, rankAliases } from '@socmate/entities';
import type { IncidentSightings } from './entity-groups.ts';
import type { Queryable } from './pool.ts';

/** A number below the limit, the same sequence for a seed. */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0;
    return ((mixed ^ (mixed >>> 16)) >>> 0) % below;
  };
}

const SOURCES: readonly EntitySource[] = ['sentinel', 'alert', 'text'];
const KINDS: readonly RelationKind[] = ['SIGNED_IN_FROM', 'ASSOCIATED_WITH', 'RAN_ON'];

export function anEntity(aliases: readonly string[], only: Partial<Entity> = {}): Entity {
  const ranked = rankAliases(aliases);
  const key = ranked[0] ?? 'ip:192.0.2.1';
  return {
    type: key.slice(0, key.indexOf(':')) as Entity['type'],
    value: key.slice(key.indexOf(':') + 1),
    key,
    strength: isWeakKey(key) ? 'weak' : 'strong',
    aliases: ranked,
    attributes: {},
    source: 'sentinel',
    confidence: 1,
    ...only,
  };
}

/** Every name of a few people and machines: readings that name some of them join what others saw apart. */
const namesOfOne = (one: number): string[] => [
  `user:person${one}@contoso.com`,
  `user:entra:0000000${one}-0000-4000-8000-000000000000`,
  `user:sid:s-1-5-21-1-2-3-10${one}`,
  `user:contoso\\person${one}`,
  `user:person${one}@prv_${one % 2}`,
  `user:person@prv_0`,
];

/** Readings in which entities share names at random, from a seed. */
export function randomReadings(seed: number, count: number): IncidentSightings[] {
  const random = createRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  const some = (names: readonly string[]) => names.filter(() => random(3) === 0);
  return Array.from({ length: count }, (_, number) => {
    const entities = Array.from({ length: 1 + random(5) }, () => {
      const one = random(4);
      const names = some(namesOfOne(one));
      // Now and then a name that two people share makes them one.
      if (random(25) === 0) names.push(pick(namesOfOne(random(4)).slice(0, 4)));
      const aliases = names.length > 0 ? names : [`host:pc${random(3)}@prv_${random(2)}`];
      const attributes = {
        [pick(['role', 'title'])]: pick(['a', 'b', 3, { x: 1, y: [1] }]),
        seen_by: number,
      };
      return anEntity(aliases, { attributes, source: pick(SOURCES), confidence: random(10) / 10 });
    });
    const relations = Array.from({ length: random(4) }, (): Relation => {
      return { from: pick(entities).key, to: pick(entities).key, kind: pick(KINDS) };
    });
    const merged = mergeReadings([{ entities, relations }]);
    const firstSeen = new Date(Date.UTC(2026, 0, 1 + random(20)));
    const lastSeen = new Date(firstSeen.getTime() + random(5) * 3_600_000);
    const counted = merged.entities.map((entity) => ({ ...entity, count: 1 + random(3) }));
    return {
      incidentId: `inc_${String(number).padStart(3, '0')}`,
      firstSeen,
      lastSeen,
      entities: counted,
      relations: merged.relations,
    };
  });
}

export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = createRandom(seed);
  const placed = items.map((item) => ({ item, place: random(1_000_000) }));
  return placed.sort((a, b) => a.place - b.place).map(({ item }) => item);
}

const DUMPS = [
  `SELECT key, type, value, strength, attributes, attribute_times, first_seen, last_seen, verdict, risk,
    (SELECT array_agg(alias || ' ' || is_strong ORDER BY alias COLLATE "C") FROM entity_alias WHERE entity_id = e.id) AS aliases
   FROM entity AS e ORDER BY key COLLATE "C"`,
  `SELECT s.incident_id, e.key, s.source, s.confidence, s.role, s.first_seen, s.last_seen, s.count
   FROM incident_entity AS s JOIN entity AS e ON e.id = s.entity_id ORDER BY s.incident_id, e.key COLLATE "C"`,
  `SELECT r.kind, f.key AS from_key, t.key AS to_key, r.source_ref, r.first_seen, r.last_seen, r.count
   FROM relation AS r JOIN entity AS f ON f.id = r.from_id JOIN entity AS t ON t.id = r.to_id
   ORDER BY r.kind, f.key COLLATE "C", t.key COLLATE "C", r.source_ref`,
];

/** Everything that is stored of entities but for the rows' ids. */
export async function dumpEntities(db: Queryable): Promise<unknown[][]> {
  const answers = await Promise.all(DUMPS.map((text) => db.query(text)));
  return answers.map(({ rows }) => rows as unknown[]);
}

export async function clearEntities(db: Queryable): Promise<void> {
  await db.query('TRUNCATE entity, entity_alias, incident_entity, relation, graph_change, incident_reading');
}
