import { BlockList, isIP } from 'node:net';
import { normaliseDomain, readAddress, readUrl } from '@socmate/entities';
import type { Subject } from './subject.ts';

/** An entry of the lists `internal` and `allow`; a value may be a range, and a domain stands for all below it. */
export interface ListedValue {
  readonly list: 'internal' | 'allow';
  readonly value: string;
}

/** The list that holds a subject, or the host of a URL. */
export type FindList = (subject: Subject) => ListedValue['list'] | undefined;

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
  return (subject) => lists.find(({ holds }) => holds(subject))?.list;
}

function holderOf(values: readonly string[]): (subject: Subject) => boolean {
  const ranges = new BlockList();
  const names = new Set<string>();
  for (const value of values) if (!addRange(ranges, value)) names.add(normal(value));
  return ({ type, value }) => {
    const place = type === 'url' ? (readUrl(value)?.host ?? value) : value;
    if (names.has(value)) return true;
    const version = isIP(place);
    if (version !== 0) return ranges.check(place, version === 4 ? 'ipv4' : 'ipv6');
    return parentsOf(place).some((name) => names.has(name));
  };
}

function addRange(ranges: BlockList, value: string): boolean {
  const [network = '', length] = value.trim().split('/');
  const address = readAddress(network);
  if (address === undefined) return false;
  const bits = address.version === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > bits) return false;
  ranges.addSubnet(address.text, prefix, address.version === 4 ? 'ipv4' : 'ipv6');
  return true;
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
