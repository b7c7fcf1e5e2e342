import { domainToASCII } from 'node:url';
import { parse } from 'tldts';

/** Lower case, punycode, without a last dot; undefined for what is no domain name of at least two labels. */
export function normaliseDomain(text: string): string | undefined {
  const trimmed = text.trim().replace(/[.。．｡]$/u, '');
  if (trimmed.length > 253 || !/[.。．｡]/u.test(trimmed)) return undefined;
  const ascii = toAscii(trimmed);
  if (ascii === undefined) return undefined;
  const labels = ascii.split('.');
  const isName = labels.every(
    (label) => /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/.test(label) && label.length <= 63,
  );
  return isName && labels.length > 1 && !/^[\d_]+$/.test(labels.at(-1) ?? '') ? ascii : undefined;
}

function toAscii(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (/^[a-z0-9._-]+$/.test(lower)) return lower;
  const ascii = domainToASCII(lower);
  return ascii === '' ? undefined : ascii;
}

/** Under a suffix of the public list, so that the name may be somebody's on the internet. */
export function hasPublicSuffix(domain: string): boolean {
  const { isIcann, isPrivate, hostname, publicSuffix } = parse(domain, { allowPrivateDomains: true });
  return (isIcann === true || isPrivate === true) && hostname !== publicSuffix;
}

/** What was registered: `example.co.uk` of `a.example.co.uk`; the full host under a shared suffix of a provider. */
export function registrableDomain(domain: string): string | undefined {
  const { domain: registrable, isPrivate } = parse(domain, { allowPrivateDomains: true });
  if (isPrivate === true || isSharedSuffix(domain)) return domain;
  return registrable ?? undefined;
}

const SHARED_SUFFIXES = [
  'onmicrosoft.com',
  'sharepoint.com',
  'azurewebsites.net',
  'windows.net',
  'azurefd.net',
];

const isSharedSuffix = (domain: string): boolean =>
  SHARED_SUFFIXES.some((suffix) => domain.endsWith(`.${suffix}`));
