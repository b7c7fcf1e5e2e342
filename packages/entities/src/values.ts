import { readAddress } from './addresses.ts';
import { normaliseDomain, registrableDomain } from './domains.ts';
import type { Described } from './entity.ts';
import { strongKey, weakKey } from './keys.ts';
import { readUrl } from './urls.ts';

export function describeIp(text: string, workspace: string): Described | undefined {
  const address = readAddress(text);
  if (address === undefined) return undefined;
  const { version, zone, isLocal } = address;
  const key = isLocal ? weakKey('ip', address.text, workspace) : strongKey('ip', address.text);
  const attributes = { version, ...(zone === undefined ? {} : { zone }) };
  return { type: 'ip', value: address.text, identifiers: [key], attributes };
}

export function describeDomain(text: string): Described | undefined {
  const domain = normaliseDomain(text);
  if (domain === undefined) return undefined;
  const registrable = registrableDomain(domain);
  const attributes = registrable === undefined ? {} : { registrable_domain: registrable };
  return { type: 'domain', value: domain, identifiers: [strongKey('domain', domain)], attributes };
}

/** Data also calls a URL what has no scheme, such as `example.com/path`. */
export function describeUrl(text: string, workspace: string): Described | undefined {
  const url = readUrl(text) ?? (/^[^\s:/]+\./.test(text) ? readUrl(`http://${text}`) : undefined);
  if (url === undefined) return undefined;
  const { canonical, host, scheme } = url;
  const key = url.isLocal ? weakKey('url', canonical, workspace) : strongKey('url', canonical);
  const attributes = { scheme, host, ...(url.hasCredentials ? { has_credentials: true } : {}) };
  return { type: 'url', value: url.value, identifiers: [key], attributes };
}

export function describeEmail(text: string): Described | undefined {
  const email = normaliseEmail(text);
  return email === undefined
    ? undefined
    : { type: 'email', value: email, identifiers: [strongKey('email', email)] };
}

/** In lower case, its domain in punycode. */
export function normaliseEmail(text: string): string | undefined {
  const bare = text.trim().replace(/^<([^<>]*)>$/, '$1');
  const at = bare.lastIndexOf('@');
  const local = bare.slice(0, at).toLowerCase();
  const domain = normaliseDomain(bare.slice(at + 1)) ?? addressLiteral(bare.slice(at + 1));
  const isLocal = at > 0 && local.length <= 64 && /^[^\s@<>"(),:;[\]\\]+$/.test(local);
  return isLocal && domain !== undefined ? `${local}@${domain}` : undefined;
}

function addressLiteral(text: string): string | undefined {
  const address = /^\[.*\]$/.test(text) ? readAddress(text) : undefined;
  return address?.version === 4 ? `[${address.text}]` : undefined;
}

const ALGORITHMS: Readonly<Record<number, string>> = {
  32: 'md5',
  40: 'sha1',
  56: 'sha224',
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
};

/** The algorithm that the length of a hash in hexadecimal shows. */
export function hashAlgorithm(text: string): string | undefined {
  return /^[0-9a-f]+$/i.test(text) ? ALGORITHMS[text.length] : undefined;
}

/** A hash of any length in hexadecimal; what the data calls it counts where the length says nothing. */
export function describeHash(text: string, named?: string): Described | undefined {
  const hash = text.trim().toLowerCase();
  if (hash.length > 256 || !/^[0-9a-z+/=:]{8,}$/.test(hash)) return undefined;
  const given = named?.toLowerCase().replace('sha256ac', 'sha256_authenticode');
  const algorithm = given ?? hashAlgorithm(hash) ?? 'unknown';
  return { type: 'hash', value: hash, identifiers: [strongKey('hash', hash)], attributes: { algorithm } };
}
