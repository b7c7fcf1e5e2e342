import { readAddress } from './addresses.ts';
import { normaliseDomain } from './domains.ts';

export interface ReadUrl {
  /** Scheme and host in lower case, default port and credentials away; path, query and fragment as they are. */
  readonly canonical: string;
  /** As `canonical`, with the credentials. */
  readonly value: string;
  readonly scheme: string;
  readonly host: string;
  readonly hostKind: 'ip' | 'domain' | 'name';
  /** The host is an address or name that many networks have. */
  readonly isLocal: boolean;
  readonly hasCredentials: boolean;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  http: '80',
  https: '443',
  ftp: '21',
  ws: '80',
  wss: '443',
};

/** A URL with an authority; never throws, whatever the text. */
export function readUrl(text: string): ReadUrl | undefined {
  const trimmed = text.trim();
  const schemeEnd = trimmed.indexOf('://');
  if (schemeEnd < 1 || schemeEnd > 20) return undefined;
  const scheme = trimmed.slice(0, schemeEnd).toLowerCase();
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) return undefined;
  const rest = trimmed.slice(schemeEnd + 3);
  const authorityEnd = rest.search(/[/?#\\]/);
  const authority = authorityEnd < 0 ? rest : rest.slice(0, authorityEnd);
  const tail = authorityEnd < 0 ? '' : rest.slice(authorityEnd);
  const at = authority.lastIndexOf('@');
  const place = readPlace(authority.slice(at + 1), scheme);
  if (place === undefined) return undefined;
  const path = tail.startsWith('/') ? tail : `/${tail.startsWith('\\') ? tail.slice(1) : tail}`;
  const { shown, ...host } = place;
  return {
    canonical: `${scheme}://${shown}${path}`,
    value: `${scheme}://${authority.slice(0, at + 1)}${shown}${tail}`,
    scheme,
    ...host,
    hasCredentials: at >= 0,
  };
}

function readPlace(hostAndPort: string, scheme: string) {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{0,5}))?$/.exec(hostAndPort);
  if (match === null) return undefined;
  const [, host = '', given = ''] = match;
  if (Number(given) > 65_535) return undefined;
  const port = given === '' || DEFAULT_PORTS[scheme] === given ? '' : `:${Number(given)}`;
  const address = readAddress(host);
  if (address !== undefined) {
    const shown = address.version === 6 ? `[${address.text}]` : address.text;
    return { shown: shown + port, host: address.text, hostKind: 'ip' as const, isLocal: address.isLocal };
  }
  const domain = normaliseDomain(host);
  if (domain !== undefined)
    return { shown: domain + port, host: domain, hostKind: 'domain' as const, isLocal: false };
  if (!/^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/i.test(host) || host.length > 63) return undefined;
  const name = host.toLowerCase();
  return { shown: name + port, host: name, hostKind: 'name' as const, isLocal: true };
}
