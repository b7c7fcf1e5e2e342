import { readAddress } from '../addresses.ts';
import type { Scan } from './mention.ts';
import { pathEndAfter } from './urls-in-text.ts';

const MAC =
  /(?<![\da-z:.-])(?:[\da-f]{2}([:-])(?:[\da-f]{2}\1){4}[\da-f]{2}|[\da-f]{4}(\.)[\da-f]{4}\2[\da-f]{4})(?![\da-z]|[:.-][\da-f])/gi;
const COLONS = /[\da-f:.]{3,}/gi;
const DIGITS = /\d[\d.]*/g;
const VERSION_BEFORE =
  /(?:version|\bver|\bv|build|release|\brev|\boid|firmware)(?:\s|\.|["']?\s?[:=/]|\s(?:is|number|to|from))?\s?["']?v?$/i;
const PRODUCT_BEFORE =
  /(?:chrome|chromium|firefox|safari|mozilla|edge?|applewebkit|webkit|gecko|opr|opera|trident|curl|wget|python(?:-\w+)?|java|okhttp|client|agent)\/v?$/i;

export function readMacs(scan: Scan): void {
  for (const { 0: found, index } of scan.text.matchAll(MAC)) {
    const end = index + found.length;
    if (scan.isClaimed(index, end)) continue;
    const digits = found.replace(/[^\da-f]/gi, '').toLowerCase();
    scan.add('mac', (digits.match(/../g) ?? []).join(':'), { start: index, end });
    scan.claim(index, end);
  }
}

export function readIpv6(scan: Scan): void {
  for (const { 0: found, index } of scan.text.matchAll(COLONS)) {
    if (found.length > 60 || !found.includes(':')) continue;
    const lead = /^(?::(?!:)|\.)+/.exec(found)?.[0].length ?? 0;
    const bare = found.slice(lead).replace(/(?:(?<!:):|\.)+$/, '');
    const start = index + lead;
    const end = start + bare.length;
    if (
      !bare.includes(':') ||
      scan.isClaimed(start, end) ||
      !isBounded(scan.text, start, end) ||
      !isPlausible(bare)
    )
      continue;
    const address = readAddress(bare);
    if (address === undefined) continue;
    scan.add('ipv6', address.version === 6 ? address.text : bare.toLowerCase(), { start, end });
    if (address.version === 4) scan.add('ipv4', address.text, { start, end, isPart: true });
    const zone = /^%[\w.-]{1,32}/.exec(scan.text.slice(end, end + 34))?.[0].length ?? 0;
    addNetwork(scan, address.text, { start, end: end + zone });
    scan.claim(start, end + zone);
  }
}

/** More than a double colon between short words, and no row of bytes. */
function isPlausible(text: string): boolean {
  const groups = text.split(':').filter((group) => group !== '');
  if (!text.includes('::') && groups.length !== 8 && !text.includes('.')) return false;
  if (groups.length === 8 && groups.every((group) => group.length === 2)) return false;
  return groups.some((group) => /\d/.test(group) || group.length > 2);
}

function isBounded(text: string, start: number, end: number): boolean {
  const [before, after] = [text[start - 1] ?? ' ', text[end] ?? ' '];
  return !/[\p{L}\p{N}_]/u.test(before) && !/[\p{L}\p{N}_]/u.test(after);
}

export function readIpv4(scan: Scan): void {
  const { text } = scan;
  for (const { 0: run, index } of text.matchAll(DIGITS)) {
    const bare = run.replace(/\.+$/, '');
    const end = index + bare.length;
    if (bare.length < 7 || bare.length > 15 || scan.isClaimed(index, end)) continue;
    const address = readAddress(bare);
    if (address === undefined || !isFree(text, index, end)) continue;
    if (!scan.wasDefanged(index, end) && isVersion(text, index)) continue;
    scan.add('ipv4', address.text, { start: index, end });
    if (!addNetwork(scan, address.text, { start: index, end })) addPath(scan, index, end);
    scan.claim(index, end);
  }
}

// A dash or a dot may end what stands before, unless they make one name of both.
function isFree(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  const after = text.slice(end, end + 2);
  if (/[\p{L}\p{N}_]$/u.test(before) || (/[\p{L}\p{N}_]-$/u.test(before) && /\p{L}-$/u.test(before)))
    return false;
  return (
    !/[\p{N}\p{L}]\.$/u.test(before) &&
    !/^[\p{L}_]/u.test(after) &&
    !/^\.[\p{L}\p{N}]/u.test(after) &&
    !/^-\p{L}/u.test(after)
  );
}

function isVersion(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - 24), start);
  return VERSION_BEFORE.test(before) || PRODUCT_BEFORE.test(before);
}

function addNetwork(scan: Scan, address: string, { start, end }: { start: number; end: number }): boolean {
  const prefix = /^\/(\d{1,3})(?![\d\p{L}_/]|\.\d)/u.exec(scan.text.slice(end, end + 6));
  if (prefix === null || Number(prefix[1]) > (address.includes(':') ? 128 : 32)) return false;
  scan.add('cidr', `${address}/${Number(prefix[1])}`, { start, end: end + prefix[0].length });
  return true;
}

// A path without a letter near its beginning is a fraction, a list or a date.
const PATH_BEGIN = /^(?::\d{1,5})?\/[^\s]{0,64}?\p{L}/u;

function addPath(scan: Scan, start: number, hostEnd: number): void {
  const { text } = scan;
  if (!PATH_BEGIN.test(text.slice(hostEnd, hostEnd + 72))) return;
  if (/\p{L}\/$/u.test(text.slice(Math.max(0, start - 2), start))) return;
  const end = pathEndAfter(text, hostEnd);
  if (end === hostEnd) return;
  scan.add('url', text.slice(start, end), { start, end });
  scan.claim(start, end);
}
