import { hasPublicSuffix, normaliseDomain, registrableDomain } from '../domains.ts';
import { CODE_WORDS, EXTENSION_TLDS, KNOWN_HOSTS, PROPERTY_TLDS, SOFTWARE } from './file-names.ts';
import type { Scan } from './mention.ts';
import { pathEndAfter } from './urls-in-text.ts';

const NAME = /[\p{L}\p{N}\p{M}_.。．｡-]+/gu;
const PART = /[^.。．｡]+(?:[.。．｡][^.。．｡]+)*/gu;

/** Domain names of the public list's suffixes, and URLs that begin with one. */
export function readDomains(scan: Scan): void {
  for (const { 0: run, index } of scan.text.matchAll(NAME)) {
    if (!/[.。．｡]/u.test(run)) continue;
    for (const { 0: part, index: offset } of run.matchAll(PART)) {
      if (part.length <= 280) readOne(scan, part, index + offset);
    }
  }
}

function readOne(scan: Scan, part: string, at: number): void {
  const bare = part.replace(/^[-]+/, '').replace(/[-_]{1,20}$/, '');
  const start = at + part.indexOf(bare);
  const end = start + bare.length;
  if (scan.isClaimed(start, end) || isCode(scan.text, start, end)) return;
  const domain = publicDomain(bare);
  if (domain === undefined) return;
  if (!scan.wasDefanged(start, end) && isLookalike(bare, domain, scan.text.slice(end, end + 2))) return;
  const pathEnd = pathEndAfter(scan.text, end);
  scan.add('domain', domain, { start, end, isPart: pathEnd > end });
  if (pathEnd > end) scan.add('url', scan.text.slice(start, pathEnd), { start, end: pathEnd });
  scan.claim(start, pathEnd);
}

/** In its normal form, if its suffix is a public one and somebody can own it. */
export function publicDomain(text: string): string | undefined {
  const domain = normaliseDomain(text);
  if (domain === undefined || !hasPublicSuffix(domain)) return undefined;
  const owned = registrableDomain(domain)?.split('.')[0] ?? '';
  return owned.includes('_') && domain.startsWith(`${owned}.`) ? undefined : domain;
}

const MALWARE_FAMILY =
  /(?:win(?:32|64|dows)|w(?:32|64|97m)|msil|script|html|[jo][s9]\d?m?|powershell|vbs|bat|linux|unix|macos|android(?:os)?)\/$/i;

// Variables, names of malware and what is left of an address.
function isCode(text: string, start: number, end: number): boolean {
  const before = text[start - 1] ?? ' ';
  if (before === '/' && MALWARE_FAMILY.test(text.slice(Math.max(0, start - 12), start))) return true;
  if (before === '@') return /[\p{L}\p{N}@]/u.test(text[start - 2] ?? ' ') || text[end] === '@';
  return /[$\\}]/.test(before) || text[end] === '@';
}

function isLookalike(text: string, domain: string, after: string): boolean {
  const labels = text.split('.');
  const tld = labels.at(-1) ?? '';
  const others = labels.slice(0, -1);
  const lower = tld.toLowerCase();
  if (KNOWN_HOSTS.has(domain)) return false;
  if (SOFTWARE.has(domain)) return true;
  if (EXTENSION_TLDS.has(lower) && labels.length === 2 && !after.startsWith('/')) return true;
  if (isReversed(labels)) return true;
  const isProperty = PROPERTY_TLDS.has(lower);
  if (isProperty && /^\((?![\dh])/.test(after)) return true;
  if (isCapitalised(tld) && !isTitled(tld, others.at(-1) ?? '')) return true;
  if (others.some((label) => /[a-z][A-Z]/.test(label)) && isProperty) return true;
  return isProperty && others.every((label) => CODE_WORDS.has(label.toLowerCase()));
}

const isCapitalised = (word: string): boolean => /^[A-Z][a-z]+$/.test(word);

// `Evil.Com` and `Evil.Ru` may begin a sentence; `malware.The` and `Process.Name` are something else.
const isTitled = (tld: string, owned: string): boolean =>
  /^(?:Com|Net|Org|Edu|Gov)$/.test(tld) ||
  (tld.length === 2 && isCapitalised(owned) && !PROPERTY_TLDS.has(tld.toLowerCase()));

// The name of a package begins with the domain that others end with.
function isReversed(labels: readonly string[]): boolean {
  const [first = '', last = ''] = [labels[0], labels.at(-1)];
  const isPackage = labels.length > 2 && /^(?:com|org|net|edu|gov|java|javax|android)$/i.test(first);
  return isPackage && !/^(?:\w{2}|com|org|net|edu|gov|biz|info)$/i.test(last);
}
