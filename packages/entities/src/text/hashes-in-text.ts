import { techniqueOf } from '../attack.ts';
import { hashAlgorithm } from '../values.ts';
import type { MentionKind, Scan } from './mention.ts';

const HEX = /[\da-f]+/gi;
// `blocksize:hash:hash`, whose parts are of no fixed length.
const SSDEEP = /(?<![\w/+])\d{1,10}:[A-Za-z\d/+]{3,100}:[A-Za-z\d/+]{3,100}(?![\w/+:])/g;
const KINDS: Readonly<Record<string, MentionKind>> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  sha512: 'sha512',
};

export function claimFuzzyHashes(scan: Scan): void {
  for (const { 0: found, index } of scan.text.matchAll(SSDEEP)) {
    if (/[g-z/+]/i.test(found)) scan.claim(index, index + found.length);
  }
}

/** MD5, SHA-1, SHA-256 and SHA-512 in hexadecimal, also where they are part of a file's name or a URL. */
export function readHashes(scan: Scan): void {
  const { text } = scan;
  for (const { 0: found, index } of text.matchAll(HEX)) {
    const kind = KINDS[hashAlgorithm(found) ?? ''];
    const end = index + found.length;
    if (kind === undefined || isWord(text[index - 1]) || isWord(text[end])) continue;
    if (/^0+$/.test(found) || isFuzzy(scan, index, end)) continue;
    scan.add(kind, found.toLowerCase(), { start: index, end });
  }
}

const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}]/u.test(char);

const isFuzzy = ({ text }: Scan, start: number, end: number): boolean =>
  /[+]$/.test(text.slice(Math.max(0, start - 1), start)) || text[end] === '+';

const CVE = /(?<![A-Za-z\d])CVE[-–_ ](\d{4})[-–_ ](\d{4,7})(?!\d)/gi;
const TECHNIQUE = /(?<![\w-])T\d{4}(?:[./]\d{3})?(?![\w-])/g;

export function readCves(scan: Scan): void {
  for (const { 0: found, 1: year, 2: number, index } of scan.text.matchAll(CVE)) {
    scan.add('cve', `CVE-${year}-${number}`, { start: index, end: index + found.length });
  }
}

/** Techniques that ATT&CK has, a revoked one by its successor. */
export function readTechniques(scan: Scan): void {
  for (const { 0: found, index } of scan.text.matchAll(TECHNIQUE)) {
    const technique = techniqueOf(found.replace('/', '.'));
    if (technique !== undefined)
      scan.add('technique', technique.id, { start: index, end: index + found.length });
  }
}
