import { BlockList, isIP } from 'node:net';
import { type Network, normaliseDomain, readAddress, readNetwork, readUrl } from '@socmate/entities';
import type { Subject } from './subject.ts';

/** An entry of the lists `internal` and `allow`; a value may be a range, and a domain stands for all below it. */
export interface ListedValue {
  readonly list: 'internal' | 'allow';
  readonly value: string;
}

/** The list that holds a subject, the host of a URL, or the URL as it was given, with what does not leave. */
export type FindList = (subject: Subject, given?: string) => ListedValue['list'] | undefined;

const made = new WeakMap<readonly ListedValue[], FindList>();

/** The same entries, as the same array, are read once. */
export function createFindList(entries: readonly ListedValue[]): FindList {
  const known = made.get(entries) ?? readLists(entries);
  made.set(entries, known);
  return known;
}

function readLists(entries: readonly ListedValue[]): FindList {
  const lists = (['internal', 'allow'] as const).map((list) => ({
    list,
    holds: holderOf(entries.filter((entry) => entry.list === list).map(({ value }) => value)),
  }));
  return (subject, given) => lists.find(({ holds }) => holds(subject, given))?.list;
}

function holderOf(values: readonly string[]): (subject: Subject, given?: string) => boolean {
  const ranges = { 4: new BlockList(), 6: new BlockList() };
  const names = new Set<string>();
  for (const value of values) {
    const range = rangeOf(value);
    if (range === undefined) names.add(normal(value));
    else ranges[range.version].addSubnet(range.address, range.length, `ipv${range.version}`);
  }
  return ({ type, value }, given = value) => {
    const place = type === 'url' ? (readUrl(value)?.host ?? value) : value;
    if (names.has(value) || (type === 'url' && names.has(normal(given)))) return true;
    const version = isIP(place);
    if (version === 4 || version === 6) return ranges[version].check(place, `ipv${version}`);
    return parentsOf(place).some((name) => names.has(name));
  };
}

/** An address is a range of one. */
function rangeOf(value: string): Omit<Network, 'text'> | undefined {
  const address = readAddress(value);
  if (address === undefined) return readNetwork(value);
  const { text, version } = address;
  return { address: text, version, length: version === 4 ? 32 : 128 };
}

function normal(value: string): string {
  const bare = value.trim().replace(/^\*?\./, '');
  return normaliseDomain(bare) ?? readUrl(bare)?.canonical ?? bare.toLowerCase();
}

/** A name and every name above it. */
function parentsOf(name: string): string[] {
  const labels = name.split('.');
  return labels.map((_, at) => labels.slice(at).join('.'));
}
