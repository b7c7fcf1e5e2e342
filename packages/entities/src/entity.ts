import type { Entity, EntitySource, EntityType } from '@socmate/contracts';
import { isWeakKey } from './keys.ts';
import { storableText } from './storable.ts';

/** The circumstances of a sighting. */
export interface Sighting {
  readonly workspace: string;
  readonly source: EntitySource;
  readonly confidence: number;
}

export interface Described {
  readonly type: EntityType;
  readonly value: string;
  /** Every key that it may be known by, in any order. */
  readonly identifiers: readonly string[];
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** Undefined where nothing identifies it. */
export function createEntity(described: Described, { source, confidence }: Sighting): Entity | undefined {
  const { type, value, identifiers, attributes = {} } = described;
  const aliases = rankAliases(identifiers);
  const [key] = aliases;
  if (key === undefined) return undefined;
  const strength = isWeakKey(key) ? 'weak' : 'strong';
  const name = storableText(value);
  return { type, value: name, key, strength, aliases, attributes: { ...attributes }, source, confidence };
}

// Microsoft's order of strong identifiers; what has no prefix is the name of its type and comes first.
const RANKED_PREFIXES = ['entra:', 'azure:', 'agent:', 'mde:', 'sid:', 'object:', 'puid:', 'id:'];

/** Best first: strong before weak, then by kind of identifier, then by the alphabet. */
export function rankAliases(aliases: Iterable<string>): string[] {
  const ranked = [...new Set(aliases)].map((alias) => ({ alias, rank: rankOf(alias) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.alias < b.alias ? -1 : 1));
  return ranked.map(({ alias }) => alias);
}

function rankOf(alias: string): number {
  const name = alias.slice(alias.indexOf(':') + 1);
  const prefix = RANKED_PREFIXES.findIndex((candidate) => name.startsWith(candidate));
  const isQualified = /^(?:user|host):[^@]*\\/.test(alias);
  const rank = prefix < 0 ? (isQualified ? RANKED_PREFIXES.length + 1 : 0) : prefix + 1;
  return isWeakKey(alias) ? rank + 100 : rank;
}
