import { normaliseDomain } from '../domains.ts';
import { publicDomain } from './domains-in-text.ts';
import { FILE_EXTENSION } from './file-names.ts';
import type { Scan } from './mention.ts';

const ACCOUNT =
  /(?<![\w.\\/:%$-])(NT AUTHORITY|NT SERVICE|[A-Za-z\d](?:[A-Za-z\d_-]|\.(?=[A-Za-z\d])){0,63})(\\{1,2})([A-Za-z\d_](?:[\w$-]|\.(?=\w)){0,63})(?![\w\\])/g;
const ACCOUNT_BEFORE =
  /(?:user|account|logon|login|identity|upn|as|by|from|for|member)(?: ?name)?["']?\s?(?:==|=~|=|:|is)?\s?["'(]?$/i;
const NOT_DOMAINS =
  /^(?:system32|syswow64|windows|users|program|temp|bin|software|microsoft|hk[a-z]{1,2}|hkey_\w+|\d+)$/i;

/** `DOMAIN\user`, and no relative path or escaped letter that looks like it. */
export function readAccounts(scan: Scan): void {
  for (const match of scan.text.matchAll(ACCOUNT)) {
    const [whole, domain = '', , name = ''] = match;
    const end = match.index + whole.length;
    if (scan.isClaimed(match.index, end) || FILE_EXTENSION.test(name) || NOT_DOMAINS.test(domain)) continue;
    const before = scan.text.slice(Math.max(0, match.index - 30), match.index);
    const isEscape = domain.includes('.') && /^[nrt]/.test(name);
    if ((!isDomainLike(domain) || isEscape) && !ACCOUNT_BEFORE.test(before)) continue;
    scan.add('account', `${domain}\\${name}`, { start: match.index, end });
    scan.claim(match.index, end);
  }
}

const isDomainLike = (text: string): boolean =>
  (/^[A-Z\d _-]{2,}$/.test(text) && /[A-Z]/.test(text)) ||
  (text.includes('.') && normaliseDomain(text) !== undefined);

const HOST =
  /(?<![\p{L}\p{N}_])(?:(?:remote|source|destination|target|src|dst)?(?:host|computer|device|machine|workstation)(?:[ _]?name)?|server|endpoint|fqdn)["']?([ \t]{0,2}(?:===?|=~|=|:| is | named | called )[ \t]{0,2}["'(]?|[ \t]["'(]?)([\p{L}\p{N}](?:[\p{L}\p{N}_-]|\.(?=[\p{L}\p{N}])){1,100})/giu;

/** Host names where the text says that they are; a word alone must look like one. */
export function readHosts(scan: Scan): void {
  for (const match of scan.text.matchAll(HOST)) {
    const [whole, link = '', name = ''] = match;
    const end = match.index + whole.length;
    const start = end - name.length;
    if (scan.isClaimed(start, end) || FILE_EXTENSION.test(name) || /[(\\@]/.test(scan.text[end] ?? ' '))
      continue;
    if (!isHostLike(name, /[=:]/.test(link))) continue;
    const isPublic = publicDomain(name) !== undefined;
    // A registered name on its own is a site, such as that of the header of a request.
    if (isPublic && name.split('.').length < 3) continue;
    scan.add('host', name.toLowerCase(), { start, end });
    if (!isPublic) scan.claim(start, end);
  }
}

function isHostLike(name: string, isAssigned: boolean): boolean {
  if (!/\p{L}/u.test(name) || /^(?:true|false|null|none|unknown|string|dynamic)$/i.test(name)) return false;
  const isMarked = /\d/.test(name) || (name.includes('-') && name === name.toUpperCase());
  if (/^[^.]{64,}$/.test(name)) return false;
  return isMarked || (isAssigned && !/_(?:s|d|g|b)$/.test(name) && /^[^_]+$/.test(name));
}
