import { judgeAddress } from '@socmate/egress';
import { hasPublicSuffix, readAddress, readUrl } from '@socmate/entities';
import type { Subject } from './subject.ts';

/** Either what may leave, or why it may not. */
export type Admission = { readonly subject: Subject } | { readonly reason: string };

/** Azure's own services answer at it, to every virtual machine. */
const AZURE_PLATFORM_ADDRESS = '168.63.129.16';
const NOBODY_OPENS = { allowedCidrs: [] };

export function publicAddress(text: string): Admission {
  const address = readAddress(text);
  if (address === undefined) return { reason: 'it is no address' };
  const isPublic = judgeAddress(address.text, NOBODY_OPENS) === 'allowed';
  if (!isPublic || address.text === AZURE_PLATFORM_ADDRESS)
    return { reason: 'it is a private, reserved or documentation address' };
  return { subject: { type: 'ip', value: address.text, key: `ip:${address.text}` } };
}

const DOCUMENTATION_NAME = /(?:^|\.)example\.(?:com|net|org|edu)$/;

export function publicDomain(domain: string): Admission {
  if (DOCUMENTATION_NAME.test(domain)) return { reason: 'it is a name of documentation' };
  if (!hasPublicSuffix(domain) || domain.endsWith('.arpa'))
    return { reason: 'its name means something within one network alone' };
  if (holdsPrivateAddress(domain)) return { reason: 'its name holds a private address' };
  return { subject: { type: 'domain', value: domain, key: `domain:${domain}` } };
}

/** As `10.1.2.3` and `10-1-2-3`. */
function holdsPrivateAddress(text: string): boolean {
  return [...text.matchAll(/(?<!\d)(?=(\d{1,3}(?:[.-]\d{1,3}){3})(?!\d))/g)].some(([, found = '']) => {
    const address = readAddress(found.replaceAll('-', '.'));
    return address !== undefined && 'reason' in publicAddress(address.text);
  });
}

const KEY_MAX = 400;

/** Without credentials, query and fragment, which hold what people typed and were given. */
export function publicUrl(text: string): Admission {
  const url = readUrl(text);
  if (url === undefined) return { reason: 'it is no URL with a host' };
  if (!['http', 'https', 'ftp'].includes(url.scheme))
    return { reason: 'its scheme is none of http, https and ftp' };
  if (url.hostKind === 'name') return { reason: 'its host means something within one network alone' };
  const host = url.hostKind === 'ip' ? publicAddress(url.host) : publicDomain(url.host);
  if ('reason' in host) return { reason: `of its host: ${host.reason}` };
  const value = url.canonical.replace(/[?#\\;].*$/s, '');
  const path = value.slice(value.indexOf('/', value.indexOf('://') + 3));
  const reason = personalPath(path);
  if (reason !== undefined) return { reason };
  if (value.length > KEY_MAX) return { reason: `it is longer than ${KEY_MAX} characters` };
  return { subject: { type: 'url', value, key: `url:${value}` } };
}

function personalPath(path: string): string | undefined {
  const readings = readingsOf(path);
  if (readings === undefined) return 'its path is encoded too often to be read';
  if (readings.some((reading) => /[@＠﹫]/u.test(reading)))
    return 'its path may hold an e-mail address or credentials';
  // How SharePoint names the folder of a person.
  if (readings.some((reading) => /\/personal\/[^/]+_[^/]+/i.test(reading))) return 'its path names a person';
  if (readings.some(holdsPrivateAddress)) return 'its path holds a private address';
  return undefined;
}

const DECODINGS_MAX = 4;

/** A path as it is, decoded as often as it is encoded, and what its parts say in base64. */
export function readingsOf(path: string): string[] | undefined {
  const readings = [path];
  for (let last = path; /%[0-9a-f]{2}/i.test(last); readings.push(last)) {
    if (readings.length > DECODINGS_MAX) return undefined;
    last = decoded(last);
  }
  const hidden = readings.flatMap((reading) => reading.split(/[/.,]/)).flatMap(fromBase64);
  return [...readings, ...hidden];
}

// Also where the bytes are no UTF-8, so that nothing hides behind one that is not.
const decoded = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) =>
    Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
  );

function fromBase64(part: string): string[] {
  if (!/^[\w+-]{8,}={0,2}$/.test(part)) return [];
  const text = Buffer.from(part, 'base64').toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? [text] : [];
}

export function publicHash(text: string): Admission {
  const hash = text.toLowerCase();
  // Other lengths may be anything in hexadecimal, a name in disguise among them.
  if (!/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/.test(hash))
    return { reason: 'it is no MD5, SHA-1, SHA-256 or SHA-512' };
  return { subject: { type: 'hash', value: hash, key: `hash:${hash}` } };
}
