import { hasPublicSuffix } from '../domains.ts';
import { type ReadUrl, readUrl } from '../urls.ts';
import type { Scan } from './mention.ts';

const AUTHORITY_MAX = 400;
const SCHEME = /[a-z][a-z\d+-]{1,11}$/i;
const KNOWN = /(?:https?|s?ftps?|wss?|ldaps?|tcp|udp|smb|ssh|rtsp|file|git|telnet|rdp|irc)$/i;
const STOP = /[\s"'`<>|\\^{}\p{Cc}“”‘’«»„‹›，。；：！？、（）【】「」…]/u;
const CLOSERS: Readonly<Record<string, string>> = { ')': '(', ']': '[' };

/** URLs with a scheme, each with the host that it names. */
export function readUrls(scan: Scan): void {
  const { text } = scan;
  for (let at = text.indexOf('://'); at >= 0; ) {
    const end = readOne(scan, at);
    at = text.indexOf('://', Math.max(end, at + 3));
  }
}

function readOne(scan: Scan, at: number): number {
  const { text } = scan;
  const start = schemeStart(text, at);
  if (start === undefined) return at;
  const authority = authorityEnd(text, at + 3);
  if (authority === undefined) return at;
  // The host is judged before the rest is read, so that what is no URL costs no more than its beginning.
  const head = longestUrl(text, start, authority);
  if (head === undefined || !isNameable(head.read)) return at;
  const end = head.end < authority ? head.end : trimEnd(text, at + 3, urlEnd(text, authority));
  scan.add('url', lowerScheme(text.slice(start, end)), { start, end });
  addHost(scan, head.read, { start, end });
  scan.claim(start, end);
  return end;
}

function schemeStart(text: string, at: number): number | undefined {
  const before = text.slice(Math.max(0, at - 12), at);
  const match = KNOWN.exec(before) ?? SCHEME.exec(before);
  return match === null ? undefined : at - match[0].length;
}

function authorityEnd(text: string, from: number): number | undefined {
  const limit = Math.min(text.length, from + AUTHORITY_MAX);
  for (let index = from; index < limit; index++) {
    const char = text[index] ?? '';
    if (char === '/' || char === '?' || char === '#' || STOP.test(char))
      return index === from ? undefined : index;
  }
  return limit === text.length && limit > from ? limit : undefined;
}

/** Where the text can no longer belong to a URL: a space, a quote, or a bracket that was opened before it. */
function urlEnd(text: string, from: number): number {
  const open: Record<string, number> = { '(': 0, '[': 0 };
  for (let index = from; index < text.length; index++) {
    const char = text[index] ?? '';
    if (STOP.test(char)) return index;
    if ((char === ',' || char === ';') && /^(?:h..ps?|ftp):\/\//i.test(text.slice(index + 1, index + 10)))
      return index;
    if (char === '(' || char === '[') open[char] = (open[char] ?? 0) + 1;
    const opener = CLOSERS[char];
    if (opener === undefined) continue;
    if (open[opener] === 0) return index;
    open[opener] = (open[opener] ?? 0) - 1;
  }
  return text.length;
}

function trimEnd(text: string, from: number, end: number): number {
  let at = end;
  while (at > from && /[.,;:!?*~]/.test(text[at - 1] ?? '')) at--;
  while (at > from && /[[(]/.test(text[at - 1] ?? '')) at--;
  return at;
}

// After the host may stand what is no port, such as a bracket, a comma or a word.
function longestUrl(text: string, start: number, limit: number) {
  const end = trimEnd(text, start, limit);
  const whole = readUrl(text.slice(start, end));
  if (whole !== undefined) return { read: whole, end: limit };
  const authority =
    /^[^:]+:\/\/(?:[^\s/@?#]{1,200}@)?(?:\[[\da-f:.%]{2,60}\]|[\p{L}\p{N}._-]{1,253})(?::\d{1,5}(?!\d))?/iu;
  const head = authority.exec(text.slice(start, Math.min(end, start + 600)))?.[0].replace(/[._-]+$/, '');
  const read = head === undefined ? undefined : readUrl(head);
  return read === undefined || head === undefined ? undefined : { read, end: start + head.length };
}

const isNameable = ({ scheme, hostKind, host }: ReadUrl): boolean =>
  hostKind === 'ip' ||
  (KNOWN.test(scheme) && (hostKind === 'domain' || host.length > 1)) ||
  (hostKind === 'domain' && hasPublicSuffix(host));

const lowerScheme = (url: string): string => {
  const at = url.indexOf('://');
  return url.slice(0, at).toLowerCase() + url.slice(at);
};

/** The host of a URL, where it means something outside its network. */
function addHost(scan: Scan, { host, hostKind }: ReadUrl, place: { start: number; end: number }): void {
  if (hostKind === 'ip') scan.add(host.includes(':') ? 'ipv6' : 'ipv4', host, { ...place, isPart: true });
  else if (hostKind === 'domain' && hasPublicSuffix(host))
    scan.add('domain', host, { ...place, isPart: true });
}

/** Reads on from a host that has no scheme before it: the end of its port and path. */
export function pathEndAfter(text: string, hostEnd: number): number {
  const port = /^:\d{1,5}(?=\/)/.exec(text.slice(hostEnd, hostEnd + 7))?.[0].length ?? 0;
  const at = hostEnd + port;
  if (text[at] !== '/' || !/[\p{L}\p{N}?#%_~.-]/u.test(text[at + 1] ?? ' ')) return hostEnd;
  return trimEnd(text, hostEnd, urlEnd(text, at));
}
