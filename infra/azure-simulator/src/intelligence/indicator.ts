import { isIP, isIPv6 } from 'node:net';

export type IndicatorKind = 'ip' | 'domain' | 'url' | 'hash';

/** In one form however it was written, so that it is found again. */
export interface Indicator {
  readonly kind: IndicatorKind;
  readonly value: string;
}

const HASH = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/i;
const DOMAIN =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/i;
const URL_SCHEME = /^(?:https?|ftp):\/\//i;

/** Undefined for what is neither an address nor a domain, a URL or a hash. */
export function parseIndicator(text: string): Indicator | undefined {
  if (isIP(text)) {
    const value = isIPv6(text) ? new URL(`http://[${text.split('%')[0]}]`).hostname.slice(1, -1) : text;
    return { kind: 'ip', value };
  }
  if (URL_SCHEME.test(text))
    return URL.canParse(text) ? { kind: 'url', value: new URL(text).href } : undefined;
  if (HASH.test(text)) return { kind: 'hash', value: text.toLowerCase() };
  const domain = text.replace(/\.$/, '');
  return DOMAIN.test(domain) ? { kind: 'domain', value: domain.toLowerCase() } : undefined;
}
