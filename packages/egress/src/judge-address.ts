import { BlockList, isIP } from 'node:net';
import type { TargetPolicy } from './target-policy.ts';

const V4_REFUSED = rangesOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
const V6_GLOBAL = rangesOf(['2000::/3']);
const V6_REFUSED = rangesOf(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);
const V4_MAPPED = rangesOf(['::ffff:0:0/96']);

/** Judges one address in its plain spelling; names, zone ids and numbers in disguise are refused. */
export function judgeAddress(
  address: string,
  { allowedCidrs }: Pick<TargetPolicy, 'allowedCidrs'>,
): 'allowed' | 'refused' {
  if (isIP(address) === 0 || address.includes('%')) return 'refused';
  return contains(openedBy(allowedCidrs), address) || isPublic(address) ? 'allowed' : 'refused';
}

export const isV4Mapped = (address: string): boolean => isIP(address) === 6 && contains(V4_MAPPED, address);

/** Ranges in the parser that sockets use too: one that reads an address otherwise would judge another one. */
function rangesOf(cidrs: readonly string[]): BlockList {
  const ranges = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', prefix] = cidr.split('/');
    ranges.addSubnet(network, Number(prefix), familyOf(network));
  }
  return ranges;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

// IPv4 ranges hold the mapped IPv6 forms of their addresses as well.
const contains = (ranges: BlockList, address: string): boolean => ranges.check(address, familyOf(address));

function isPublic(address: string): boolean {
  if (isIP(address) === 4 || isV4Mapped(address)) return !contains(V4_REFUSED, address);
  return contains(V6_GLOBAL, address) && !contains(V6_REFUSED, address);
}

const opened = new WeakMap<readonly string[], BlockList>();

function openedBy(cidrs: readonly string[]): BlockList {
  const known = opened.get(cidrs);
  if (known) return known;
  const made = rangesOf(cidrs);
  opened.set(cidrs, made);
  return made;
}
