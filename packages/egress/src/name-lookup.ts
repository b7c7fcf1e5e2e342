import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Every address of a name; rejects, or answers none, where there is none. */
export type NameLookup = (host: string) => Promise<readonly ResolvedAddress[]>;

export class NameLookupError extends Error {
  override readonly name = 'NameLookupError';
}

export interface NameLookupOptions {
  readonly hostsFile?: string;
  /** `127.0.0.1:5353`; the system's own unless given. */
  readonly servers?: readonly string[];
  readonly timeoutMs?: number;
}

const LOOPBACK: readonly ResolvedAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * The hosts file, then DNS. Not `dns.lookup`, which holds one of four threads for as long as a name server
 * pleases: four subscribers with slow names would stop everyone's new connections.
 */
export function createNameLookup(options: NameLookupOptions = {}): NameLookup {
  const { hostsFile = '/etc/hosts', servers, timeoutMs = 2_000 } = options;
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers) resolver.setServers(servers);
  return async (host) => {
    if (/(?:^|\.)localhost$/i.test(host)) return LOOPBACK;
    const named = await readHosts(hostsFile, host);
    return named.length > 0 ? named : resolve(resolver, host);
  };
}

async function readHosts(file: string, host: string): Promise<ResolvedAddress[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const isNamed = names.some((name) => name.toLowerCase() === host.toLowerCase());
    return isNamed ? [{ address, family: isIP(address) }] : [];
  });
}

async function resolve(resolver: Resolver, host: string): Promise<ResolvedAddress[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const found = [
    ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
    ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
  ];
  if (found.length === 0 && v4.status === 'rejected') throw v4.reason;
  return found;
}
