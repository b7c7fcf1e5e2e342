import { BlockList } from 'node:net';
import { readAddress, readUrl } from '@socmate/entities';
import type { OfflineProvider } from './observe.ts';

interface AddressClass {
  readonly name: string;
  readonly words: string;
  readonly ranges: readonly string[];
  /** It is part of the platform, whoever talks to it. */
  readonly isKnownGood?: boolean;
}

// The first that fits counts. Sources: IANA's special-purpose address registries, Azure's documentation.
const CLASSES: readonly AddressClass[] = [
  {
    name: 'azure_platform',
    words: "Azure's platform services (DNS, health probes, the wire server)",
    ranges: ['168.63.129.16/32'],
    isKnownGood: true,
  },
  {
    name: 'instance_metadata',
    words: 'the metadata service of a cloud machine, which gives out its credentials',
    ranges: ['169.254.169.254/32', 'fd00:ec2::254/128'],
  },
  { name: 'unspecified', words: 'no address at all', ranges: ['0.0.0.0/8', '::/128'] },
  { name: 'loopback', words: 'the machine itself', ranges: ['127.0.0.0/8', '::1/128'] },
  {
    name: 'private',
    words: 'a private network',
    ranges: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10'],
  },
  { name: 'carrier_grade_nat', words: 'shared by customers of a carrier', ranges: ['100.64.0.0/10'] },
  { name: 'link_local', words: 'a single network segment', ranges: ['169.254.0.0/16', 'fe80::/10'] },
  {
    name: 'documentation',
    words: 'set aside for documentation',
    ranges: [
      '192.0.2.0/24',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '233.252.0.0/24',
      '2001:db8::/32',
      '3fff::/20',
    ],
  },
  { name: 'benchmarking', words: 'set aside for benchmarks', ranges: ['198.18.0.0/15', '2001:2::/48'] },
  { name: 'broadcast', words: 'every machine of a network', ranges: ['255.255.255.255/32'] },
  { name: 'multicast', words: 'multicast', ranges: ['224.0.0.0/4', 'ff00::/8'] },
  {
    name: 'translated',
    words: 'an IPv4 address in the form of IPv6',
    ranges: ['64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32'],
  },
  {
    name: 'reserved',
    words: 'reserved',
    ranges: ['192.0.0.0/24', '192.88.99.0/24', '240.0.0.0/4', '100::/64', '2001::/23'],
  },
];

const classes = CLASSES.map((each) => ({ ...each, list: blockListOf(each.ranges) }));

/** The class of an address, `public` where it is none of the special ones; undefined for no address. */
export function classifyAddress(text: string): Omit<AddressClass, 'ranges'> | undefined {
  const address = readAddress(text);
  if (address === undefined) return undefined;
  const family = address.version === 4 ? 'ipv4' : 'ipv6';
  const found = classes.find(({ list }) => list.check(address.text, family));
  return found ?? { name: 'public', words: 'a public address' };
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    list.addSubnet(network, Number(prefix), network.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** What kind of address it is, also of a URL on one; never a reason to think well of anything but the platform. */
export const addressClass: OfflineProvider = {
  name: 'address-class',
  find({ type, value }) {
    const text = type === 'url' ? (readUrl(value)?.host ?? '') : value;
    const found = type === 'ip' || type === 'url' ? classifyAddress(text) : undefined;
    if (found === undefined) return undefined;
    return {
      reliability: 'A',
      summary: found.words,
      ...(found.isKnownGood === true && type === 'ip' ? { verdict: 'benign' } : {}),
      evidence: { class: found.name },
      context: { address_class: found.name },
    };
  },
};
