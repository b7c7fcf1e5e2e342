import { AppError } from '@socmate/runtime';

/** An operator's proxy, through which every call to a user-given URL goes. */
export interface EgressProxy {
  readonly origin: string;
  /** Of its own credentials; never in a log or an error. */
  readonly authorization: string | undefined;
}

const EXPECTED =
  'http://host:port or https://host:port, with user:password@ before the host where it asks for them';

/** Reads `WEBHOOK_EGRESS_PROXY`; a fault never repeats the value, which may hold a password. */
export function parseEgressProxy(text: string): EgressProxy {
  const url = URL.parse(text);
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === '' && url.hostname !== '';
  if (!isOrigin || !['http:', 'https:'].includes(url.protocol))
    throw new AppError('invalid_input', `the egress proxy is given as ${EXPECTED}`);
  return { origin: url.origin, authorization: authorizationOf(url) };
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const credentials = [username, password].map(decoded).join(':');
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AppError('invalid_input', 'the credentials of the egress proxy are not percent-encoded UTF-8');
  }
}
