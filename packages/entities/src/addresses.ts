import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

const WEAK_RANGES = new Set([
  'private',
  'loopback',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
  'unspecified',
  'broadcast',
  'multicast',
  'benchmarking',
]);

export interface Address {
  /** RFC 5952; an IPv4 address in IPv6 form is the IPv4 address. */
  readonly text: string;
  readonly version: 4 | 6;
  readonly zone: string | undefined;
  /** Many networks have this address, each its own. */
  readonly isLocal: boolean;
}

/** An IP address in any usual notation, with neither port nor prefix length; undefined for anything else. */
export function readAddress(text: string): Address | undefined {
  const bare = text.trim().replace(/^\[([^\]]*)\]$/, '$1');
  if (bare.length > 100) return undefined;
  const zoneAt = bare.indexOf('%');
  const address = zoneAt < 0 ? bare : bare.slice(0, zoneAt);
  const zone = zoneAt < 0 ? undefined : bare.slice(zoneAt + 1);
  if (address.includes(':')) return isIP(address) === 6 ? readV6(address, zone) : undefined;
  if (!ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined;
  return described(ipaddr.IPv4.parse(address), 4, zone);
}

function readV6(address: string, zone: string | undefined): Address {
  const parsed = ipaddr.IPv6.parse(address);
  if (parsed.isIPv4MappedAddress()) return described(parsed.toIPv4Address(), 4, zone);
  return described(parsed, 6, zone);
}

function described(address: ipaddr.IPv4 | ipaddr.IPv6, version: 4 | 6, zone: string | undefined): Address {
  const text = version === 4 ? address.toString() : (address as ipaddr.IPv6).toRFC5952String();
  return { text, version, zone, isLocal: WEAK_RANGES.has(address.range()) };
}

export interface Network {
  /** Its first address and its length: `10.0.0.0/8`. */
  readonly text: string;
  readonly address: string;
  readonly version: 4 | 6;
  /** Of the prefix, in bits. */
  readonly length: number;
}

/** A range of addresses as `address/length`, of which any address may be given; undefined for anything else. */
export function readNetwork(text: string): Network | undefined {
  const [, given = '', bits = ''] = /^([^\s/%]+)\/(\d{1,3})$/.exec(text.trim()) ?? [];
  const known = readAddress(given);
  // In IPv6 form the prefix counts the 96 bits before the IPv4 address.
  const length = Number(bits) - (known?.version === 4 && given.includes(':') ? 96 : 0);
  if (known === undefined || length < 0 || length > (known.version === 4 ? 32 : 128)) return undefined;
  const cidr = `${known.text}/${length}`;
  const first =
    known.version === 4 ? ipaddr.IPv4.networkAddressFromCIDR(cidr) : ipaddr.IPv6.networkAddressFromCIDR(cidr);
  const { text: address, version } = described(first, known.version, undefined);
  return { text: `${address}/${length}`, address, version, length };
}
