import { isIP } from 'node:net';
import { type AppError, invalidField } from '@socmate/runtime';
import { BlockedTargetError } from './blocked-target-error.ts';
import { judgeAddress } from './judge-address.ts';
import type { TargetPolicy } from './target-policy.ts';

const MAX_LENGTH = 2_048;
const HTTP_PORTS = [80, 8_080];
const LOOPBACK = ['127.0.0.1', '::1'];
// Names that only an internal network answers (RFC 6762, RFC 8375, ICANN's `internal`).
const INTERNAL_NAME = /^[^.]+$|\.(?:internal|local|localdomain|home\.arpa)$/;
// What the URL parser would silently drop or rewrite, and a reader take for something else.
const REWRITTEN = /[\s\\\p{Cc}]/u;

type TargetFault =
  | 'url_invalid'
  | 'url_scheme'
  | 'url_userinfo'
  | 'url_port'
  | 'url_fragment'
  | 'blocked_target';

/** Gate one, when a URL is given: throws a 422 about `body.url`. What its name resolves to is judged when dialled. */
export function checkTarget(url: string, policy: TargetPolicy): URL {
  if (url.length > MAX_LENGTH) throw fault('url_invalid', `a URL has at most ${MAX_LENGTH} characters`);
  const parsed = URL.parse(url);
  if (!parsed || REWRITTEN.test(url)) throw fault('url_invalid', 'this is not a valid URL');
  if (!isScheme(parsed.protocol, policy)) {
    throw fault('url_scheme', `the URL begins with ${policy.allowHttp ? 'https:// or http://' : 'https://'}`);
  }
  const [, authority] = /^https?:\/\/([^/?#]+)/i.exec(url) ?? [];
  if (authority === undefined) throw fault('url_invalid', 'this is not a valid URL');
  if (authority.includes('@')) throw fault('url_userinfo', 'the URL holds no user name and no password');
  if (url.includes('#')) throw fault('url_fragment', 'the URL has no fragment (#…), which is never sent');
  const wrong = findOriginFault(parsed, policy);
  if (wrong) throw wrong;
  return parsed;
}

/** An origin in the spelling of the URL parser, as `URL` and undici's connectors hold it. */
export interface Origin {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
}

/** What is wrong with a URL's scheme, port or host; both gates ask this. */
export function findOriginFault(
  { protocol, hostname, port }: Origin,
  policy: TargetPolicy,
): AppError | undefined {
  if (!isScheme(protocol, policy)) return fault('url_scheme', `${protocol} is not allowed`);
  const number = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
  if (!isPortAllowed(number, protocol, policy)) return fault('url_port', `the port ${number} is not allowed`);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0 && !isHostName(host))
    return fault('url_invalid', 'the host of the URL is not a valid name; a dot at its end is not accepted');
  return isHostAllowed(host, policy) ? undefined : fault('blocked_target', new BlockedTargetError().message);
}

const isScheme = (protocol: string, policy: TargetPolicy): boolean =>
  protocol === 'https:' || (protocol === 'http:' && policy.allowHttp);

function isPortAllowed(port: number, protocol: string, { allowedPorts }: TargetPolicy): boolean {
  if (port === 0) return false;
  if (allowedPorts === '*' || allowedPorts.includes(port)) return true;
  return protocol === 'http:' && HTTP_PORTS.includes(port);
}

/** No trailing dot either: certificates and name rules know a name without it. */
const isHostName = (host: string): boolean =>
  host.length <= 253 && host.split('.').every((label) => label.length >= 1 && label.length <= 63);

function isHostAllowed(host: string, policy: TargetPolicy): boolean {
  const areAllowed = (addresses: readonly string[]): boolean =>
    addresses.every((address) => judgeAddress(address, policy) === 'allowed');
  if (isIP(host) !== 0) return areAllowed([host]);
  if (/(?:^|\.)localhost$/.test(host)) return areAllowed(LOOPBACK);
  return policy.allowedCidrs.length > 0 || !INTERNAL_NAME.test(host);
}

const fault = (type: TargetFault, message: string): AppError => invalidField(['body', 'url'], message, type);
