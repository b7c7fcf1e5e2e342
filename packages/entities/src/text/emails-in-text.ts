import { readSid } from '../account-identity.ts';
import { hasPublicSuffix } from '../domains.ts';
import { normaliseEmail } from '../values.ts';
import type { Scan } from './mention.ts';

const LOCAL_MAX = 64;
const LOCAL = /[\p{L}\p{N}._%+&'~!#$*-]/u;
const LITERAL = /^\[\d[\d.]{6,14}\]/;
const HOST = /^[\p{L}\p{N}](?:[\p{L}\p{N}_-]|[.。．｡](?=[\p{L}\p{N}_])){1,252}/u;
const ACCOUNT_BEFORE =
  /(?:upn|userprincipalname|user ?name|user ?id|user|account|identity|initiatedby|signed in|login|logon)["']?\s?(?:==|=~|=|:|as|by)?\s?["'(<]?$/i;
const INTERNAL = /\.(?:local|internal|lan|corp|intra|intranet|home|private|ad)$/;

/** E-mail addresses; one that is named as an account, or whose domain is internal, is that of an account too. */
export function readEmails(scan: Scan): void {
  const { text } = scan;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    if (!scan.isClaimed(at, at + 1)) readOne(scan, at);
  }
}

function readOne(scan: Scan, at: number): void {
  const { text } = scan;
  const start = localStart(text, at);
  const literal = LITERAL.exec(text.slice(at + 1, at + 20))?.[0];
  const whole =
    literal === undefined || start === at ? undefined : normaliseEmail(text.slice(start, at + 1) + literal);
  if (whole !== undefined) scan.add('email', whole, { start, end: at + 1 + (literal?.length ?? 0) });
  const host = HOST.exec(text.slice(at + 1, at + 260))?.[0].replace(/[_-]+$/, '');
  if (host === undefined || start === at) return;
  const end = at + 1 + host.length;
  const email = normaliseEmail(text.slice(start, end));
  if (email === undefined || text[end] === '@') return;
  const domain = email.slice(email.lastIndexOf('@') + 1);
  const isPublic = hasPublicSuffix(domain);
  if (!isPublic && !INTERNAL.test(domain)) return;
  const isAccount = !isPublic || ACCOUNT_BEFORE.test(text.slice(Math.max(0, start - 40), start));
  if (isPublic) scan.add('email', email, { start, end });
  if (isAccount) scan.add('upn', email, { start, end });
  if (isPublic) scan.add('domain', domain, { start: at + 1, end, isPart: true });
  scan.claim(start, end);
}

function localStart(text: string, at: number): number {
  let start = at;
  while (start > 0 && at - start < LOCAL_MAX && LOCAL.test(text[start - 1] ?? '')) start--;
  while (start < at && /[.'~!#$*&%+-]/.test(text[start] ?? '')) start++;
  return start;
}

const SID = /(?<![A-Za-z\d-])S-1-\d{1,2}(?:-\d{1,10}){1,14}(?![A-Za-z\d-])/gi;

export function readSids(scan: Scan): void {
  for (const { 0: found, index } of scan.text.matchAll(SID)) {
    const sid = readSid(found);
    const end = index + found.length;
    if (sid !== undefined && !scan.isClaimed(index, end))
      scan.add('sid', sid.toUpperCase(), { start: index, end });
  }
}
