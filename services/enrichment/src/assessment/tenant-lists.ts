import { BlockList } from 'node:net';
import { type Entity, ListName, type Observation } from '@socmate/contracts';
import { type Address, isWeakKey, readAddress, readNetwork, readUrl } from '@socmate/entities';
import { z } from 'zod';
import type { ListedEntry } from './assessment.ts';
import { compareText } from './merge-verdicts.ts';
import type { OfflineProvider } from './observe.ts';

export const TENANT_LISTS = 'tenant-lists';

/** An entry that an entity is on a list by. */
const Listing = z.object({
  list: ListName,
  key: z.string(),
  value: z.string(),
  note: z.string().nullable(),
});
export type Listing = z.output<typeof Listing>;

/** What the tenant itself says of an entity. Of what is on the watch list nobody has said that it is bad, or good. */
export function createTenantLists(entries: readonly ListedEntry[], now: Date): OfflineProvider {
  const current = entries.filter(
    ({ ends_at: endsAt }) => endsAt === null || Date.parse(endsAt) > now.getTime(),
  );
  const index = createIndex(current);
  return {
    name: TENANT_LISTS,
    find(entity) {
      const found = [...new Set(index.find(entity))].sort(
        (a, b) => compareText(a.list, b.list) || compareText(a.key, b.key),
      );
      if (found.length === 0) return undefined;
      const lists = found.map(({ list, key, value, note }): Listing => ({ list, key, value, note }));
      const names = new Set(lists.map(({ list }) => list));
      const isTrusted = (names.has('allow') || names.has('approved')) && !names.has('watch');
      return {
        reliability: 'A',
        summary: `on the ${names.size > 1 ? 'lists' : 'list'} ${[...names].join(', ')}`,
        ...(isTrusted ? { verdict: 'benign' } : {}),
        evidence: { lists },
        context: { lists },
      };
    },
  };
}

const Evidence = z.object({ lists: z.array(Listing) });

/** What the tenant's lists said among the observations of an entity. */
export function listingsOf(observations: readonly Observation[]): Listing[] {
  const told = observations.find(({ provider }) => provider === TENANT_LISTS);
  return told === undefined ? [] : (Evidence.safeParse(told.evidence).data?.lists ?? []);
}

interface Range {
  readonly entry: ListedEntry;
  readonly version: Address['version'];
  readonly list: BlockList;
}

function createIndex(entries: readonly ListedEntry[]): { find(entity: Entity): ListedEntry[] } {
  const byKey = Map.groupBy(entries, ({ key }) => key);
  const ranges = entries.flatMap((entry): Range[] => {
    const range = entry.type === 'ip' ? rangeOf(entry.value) : undefined;
    return range === undefined ? [] : [{ entry, ...range }];
  });
  return {
    find(entity) {
      const { address, domains } = placeOf(entity);
      const at = address === undefined ? [] : [`ip:${address.text}`];
      const named = [...keysOf(entity), ...at, ...domains.map((domain) => `domain:${domain}`)];
      const within = ranges.filter((range) => address !== undefined && holds(range, address));
      return [...named.flatMap((key) => byKey.get(key) ?? []), ...within.map(({ entry }) => entry)];
    },
  };
}

/** A list is the tenant's, not a workspace's: a weak key counts without its workspace as well. */
function keysOf({ key, aliases }: Entity): string[] {
  const keys = [...new Set([key, ...aliases])];
  return [
    ...new Set([...keys, ...keys.filter(isWeakKey).map((each) => each.slice(0, each.lastIndexOf('@')))]),
  ];
}

function rangeOf(value: string): Omit<Range, 'entry'> | undefined {
  const network = readNetwork(value);
  if (network === undefined) return undefined;
  const { address, length, version } = network;
  const list = new BlockList();
  list.addSubnet(address, length, `ipv${version}`);
  return { version, list };
}

// A range of IPv6 addresses would hold every IPv4 address that its notation of them falls into.
const holds = ({ version, list }: Range, { text, version: own }: Address): boolean =>
  version === own && list.check(text, `ipv${own}`);

/** Where an entity is: its address, or its domain and every one above. */
function placeOf({ type, value }: Entity): { address: Address | undefined; domains: string[] } {
  const host = type === 'url' ? readUrl(value)?.host : type === 'ip' || type === 'domain' ? value : undefined;
  const address = host === undefined ? undefined : readAddress(host);
  if (host === undefined || address !== undefined) return { address, domains: [] };
  const labels = host.split('.');
  return { address, domains: labels.map((_, at) => labels.slice(at).join('.')) };
}
