import type { EntityType, ListEntryCreate } from '@socmate/contracts';
import {
  hasPublicSuffix,
  isWeakKey,
  lookupKeys,
  normaliseDomain,
  readAddress,
  readNetwork,
  refang,
} from '@socmate/entities';
import { invalidField } from '@socmate/runtime';

/** An entry's value as it is kept, and as it is compared. */
export interface ListValue {
  readonly type: EntityType;
  readonly value: string;
  readonly key: string;
}

// A list is the tenant's: what a workspace tells apart elsewhere is the same here.
const ANY = 'any';

const withoutWorkspace = (key: string): string => (isWeakKey(key) ? key.slice(0, key.lastIndexOf('@')) : key);

/** Every key that a value may stand on a list by. */
export function listKeys(given: string): string[] {
  const [range, domain] = [readNetwork(plain(given))?.text, domainOf(given)];
  const own = [range && `ip:${range}`, domain && `domain:${domain}`].filter((key) => key !== undefined);
  return [...new Set([...own, ...lookupKeys(given, ANY).map(withoutWorkspace)])];
}

/** Throws a 422 where the value is none of its type, or does not tell of which type it is. */
export function listValue({
  value: given,
  type: wanted,
}: Pick<ListEntryCreate, 'value' | 'type'>): ListValue {
  const type = wanted ?? typeOf(given);
  if (type === undefined)
    throw invalidField(['body', 'type'], 'is needed: the value may be of several types', 'type_needed');
  const key = listKeys(given).find((each) => each.startsWith(`${type}:`));
  if (key === undefined) throw invalidField(['body', 'value'], `is no ${type}`, `not_${type}`);
  if (type === 'ip') assertNarrow(given);
  return { type, value: valueOf(given, type, key), key };
}

const SHORTEST = { 4: 8, 6: 16 } as const;

/** One entry that holds half of the world would switch off what the lists are for. */
function assertNarrow(given: string): void {
  const network = readNetwork(plain(given));
  if (network === undefined || network.length >= SHORTEST[network.version]) return;
  const shortest = `/${SHORTEST[network.version]}`;
  throw invalidField(['body', 'value'], `is too wide: name ranges of ${shortest} or narrower`, 'too_wide');
}

const TELLING: readonly EntityType[] = ['ip', 'url', 'hash'];

function typeOf(given: string): EntityType | undefined {
  if (isLikeRange(given)) return 'ip';
  const domain = domainOf(given);
  const keys = listKeys(given);
  const told = TELLING.find((type) => keys.some((key) => key.startsWith(`${type}:`)));
  return told ?? (domain !== undefined && hasPublicSuffix(domain) ? 'domain' : undefined);
}

/** Also one whose prefix is too long, which would pass for a URL. */
const isLikeRange = (given: string): boolean => {
  const [, network = ''] = /^([^/]+)\/\d+$/.exec(plain(given)) ?? [];
  return readAddress(network) !== undefined;
};

const plain = (given: string): string => refang(given.trim()).text.trim();

const NAMED_BY_KEY = new Set<EntityType>(['ip', 'domain', 'url', 'hash', 'email']);
const CUT = '~';

function valueOf(given: string, type: EntityType, key: string): string {
  const name = key.slice(type.length + 1);
  return NAMED_BY_KEY.has(type) && !name.includes(CUT) && !name.includes('%40') ? name : plain(given);
}

function domainOf(given: string): string | undefined {
  const name = plain(given);
  return name.startsWith('*.') ? normaliseDomain(name.slice(2)) : normaliseDomain(name);
}
