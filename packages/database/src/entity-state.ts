import type { Entity, EntityStrength, EntityType } from '@socmate/contracts';
import { isWeakKey, rankAliases } from '@socmate/entities';

/**
 * What is stored of one entity. Two of them join to the same, whichever came first and however often:
 * so the tables do not depend on the order in which incidents are read.
 */
export interface EntityState {
  readonly key: string;
  readonly type: EntityType;
  readonly value: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** When each attribute was seen, in milliseconds. */
  readonly attributeTimes: Readonly<Record<string, number>>;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** The incident's times, in milliseconds, never those of reading it. */
export interface SeenSpan {
  readonly firstSeen: number;
  readonly lastSeen: number;
}

export function stateOf({ key, type, value, attributes }: Entity, { firstSeen, lastSeen }: SeenSpan) {
  const times = Object.keys(attributes).map((name) => [name, lastSeen] as const);
  return { key, type, value, attributes, attributeTimes: Object.fromEntries(times), firstSeen, lastSeen };
}

export const strengthOf = (key: string): EntityStrength => (isWeakKey(key) ? 'weak' : 'strong');

export function joinStates(a: EntityState, b: EntityState): EntityState {
  return {
    ...leadOf(a, b),
    ...joinAttributes(a, b),
    firstSeen: Math.min(a.firstSeen, b.firstSeen),
    lastSeen: Math.max(a.lastSeen, b.lastSeen),
  };
}

/** The best key names it; of one key's values, one for people before a mere id. */
function leadOf(a: EntityState, b: EntityState): Pick<EntityState, 'key' | 'type' | 'value'> {
  const [key] = rankAliases([a.key, b.key]);
  const candidates = [a, b].filter((each) => each.key === key);
  const [lead = a] = candidates.toSorted(
    (x, y) => Number(isOpaque(x)) - Number(isOpaque(y)) || compareText(x.value, y.value),
  );
  return { key: lead.key, type: lead.type, value: lead.value };
}

const isOpaque = ({ key, type, value }: EntityState): boolean =>
  key !== `${type}:${value}` && key.endsWith(`:${value.toLowerCase()}`);

function joinAttributes(a: EntityState, b: EntityState): Pick<EntityState, 'attributes' | 'attributeTimes'> {
  const attributes = new Map(Object.entries(a.attributes));
  const times = new Map(Object.entries(a.attributeTimes));
  for (const [name, value] of Object.entries(b.attributes)) {
    const [mine, theirs] = [times.get(name) ?? -Infinity, b.attributeTimes[name] ?? 0];
    const isLater = theirs > mine || (theirs === mine && isGreater(value, attributes.get(name)));
    if (!isLater) continue;
    attributes.set(name, value);
    times.set(name, theirs);
  }
  return { attributes: Object.fromEntries(attributes), attributeTimes: Object.fromEntries(times) };
}

const isGreater = (a: unknown, b: unknown): boolean => canonicalJson(a) > canonicalJson(b);

/** JSON with sorted names: Postgres keeps no order of them. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => compareText(a, b)));
  });
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

export const isSameState = (a: EntityState, b: EntityState | undefined): boolean =>
  b !== undefined && canonicalJson(a) === canonicalJson(b);

/** The same but for when it was seen. */
export const looksSame = (a: EntityState, b: EntityState | undefined): boolean =>
  b !== undefined &&
  a.key === b.key &&
  a.value === b.value &&
  canonicalJson(a.attributes) === canonicalJson(b.attributes);
