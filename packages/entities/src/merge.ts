import type { Entity, EntitySource } from '@socmate/contracts';
import { rankAliases } from './entity.ts';
import { isWeakKey } from './keys.ts';

/**
 * Entities that share a key or a strong alias become one, whatever their order: its key is the best-ranked
 * alias of all, and of what they say differently the most confident sighting counts.
 */
export function mergeEntities(entities: readonly Entity[]): Entity[] {
  const groups = createGroups(entities.length);
  const holders = new Map<string, number>();
  for (const [index, { key, aliases }] of entities.entries()) {
    for (const alias of [key, ...aliases.filter((each) => !isWeakKey(each))]) {
      const holder = holders.get(alias);
      if (holder === undefined) holders.set(alias, index);
      else groups.join(holder, index);
    }
  }
  const members = Map.groupBy(entities.keys(), (index) => groups.rootOf(index));
  const merged = [...members.values()].map((indexes) =>
    mergeGroup(indexes.flatMap((index) => entities[index] ?? [])),
  );
  return merged.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function createGroups(size: number) {
  const parents = Array.from({ length: size }, (_, index) => index);
  const rootOf = (index: number): number => {
    let root = index;
    while (parents[root] !== root) root = parents[root] ?? root;
    for (let at = index; at !== root; ) {
      const next = parents[at] ?? root;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  return { rootOf, join: (a: number, b: number) => void (parents[rootOf(b)] = rootOf(a)) };
}

const SOURCES: readonly EntitySource[] = ['sentinel', 'alert', 'text'];

function mergeGroup(members: readonly Entity[]): Entity {
  const sorted = members.toSorted(compareSightings);
  const [first] = sorted;
  if (first === undefined) throw new Error('a group has members');
  if (sorted.length === 1) return first;
  const aliases = rankAliases(sorted.flatMap((each) => each.aliases));
  const key = aliases[0] ?? first.key;
  const named = sorted.find((each) => each.key === key) ?? first;
  const attributes = Object.assign(
    {},
    ...sorted.toReversed().map((each) => each.attributes),
  ) as Entity['attributes'];
  const strength = isWeakKey(key) ? 'weak' : 'strong';
  return { ...first, value: named.value, key, strength, aliases, attributes };
}

function compareSightings(a: Entity, b: Entity): number {
  return (
    b.confidence - a.confidence ||
    SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source) ||
    compareText(a.key, b.key) ||
    compareText(a.value, b.value) ||
    compareText(JSON.stringify(a.attributes), JSON.stringify(b.attributes))
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
