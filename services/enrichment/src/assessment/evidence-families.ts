import type { Entity, Relation } from '@socmate/contracts';
import { normaliseDomain, readUrl, registrableDomain } from '@socmate/entities';

/** What belongs together, by the keys of entities. */
export interface Families {
  /** Those of one family are evidence of one fact. */
  of(key: string): string;
  /** A domain of the incident leads to the address, which then may be anybody's who is hosted there. */
  isHosting(key: string): boolean;
}

// What these relate is one thing seen from two sides; others, such as a user's sign-ins, join separate facts.
const JOINING = new Set<Relation['kind']>(['RESOLVED_TO', 'PART_OF', 'HAS_HASH']);
const ASSOCIATED_TYPES = new Set(['malware', 'file', 'hash']);

/**
 * An address, the domain that resolves to it and the URLs on that are one family; so are a file, its hashes and its
 * malware; so are all processes. It goes by keys and relations alone, so that taking an entity away leaves every family as it was.
 */
export function createFamilies(entities: readonly Entity[], relations: readonly Relation[]): Families {
  const parents = new Map<string, string>();
  const find = (node: string): string => {
    let root = node;
    for (let up = parents.get(root); up !== undefined && up !== root; up = parents.get(root)) root = up;
    parents.set(node, root);
    return root;
  };
  const join = (a: string, b: string): void => {
    const [first, second] = [find(a), find(b)].sort() as [string, string];
    parents.set(second, first);
  };
  const joined = relations.filter(isJoining);
  for (const { from, to } of joined) join(from, to);
  const keys = [...entities.map(({ key }) => key), ...joined.flatMap(({ from, to }) => [from, to])];
  for (const key of keys) for (const place of placesOf(key)) join(key, place);
  const hosting = new Set(relations.flatMap(({ kind, to }) => (kind === 'RESOLVED_TO' ? [to] : [])));
  return { of: find, isHosting: (key) => hosting.has(key) };
}

function isJoining({ kind, from, to }: Relation): boolean {
  if (kind === 'ASSOCIATED_WITH') return [from, to].every((key) => ASSOCIATED_TYPES.has(typeOf(key)));
  return JOINING.has(kind);
}

const typeOf = (key: string): string => key.slice(0, key.indexOf(':'));

/** What a key says of what its entity is part of: a URL's host, the domain of an e-mail address, what was registered. */
function placesOf(key: string): string[] {
  const name = key.slice(key.indexOf(':') + 1);
  switch (typeOf(key)) {
    case 'domain':
      return registered(name);
    case 'email':
      return registered(normaliseDomain(name.slice(name.lastIndexOf('@') + 1)) ?? '');
    case 'url': {
      const url = readUrl(name);
      if (url === undefined) return [];
      return url.hostKind === 'ip' ? [`ip:${url.host}`] : registered(url.host);
    }
    // Only arguments speak of processes, and those of an attack all speak alike.
    case 'process':
      return ['process'];
    default:
      return [];
  }
}

const registered = (domain: string): string[] => {
  const name = domain === '' ? undefined : (registrableDomain(domain) ?? domain);
  return name === undefined ? [] : [`domain:${name}`];
};
