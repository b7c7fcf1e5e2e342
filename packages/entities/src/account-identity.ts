import { normaliseDomain } from './domains.ts';
import { strongKey, weakKey } from './keys.ts';

export interface AccountNames {
  /** The name alone, or a whole UPN. */
  readonly name?: string | undefined;
  /** The Windows logon name, where it is known apart from `name`. */
  readonly logonName?: string | undefined;
  readonly upn?: string | undefined;
  readonly upnSuffix?: string | undefined;
  /** NetBIOS or DNS names of the domain. */
  readonly domains?: readonly (string | undefined)[] | undefined;
  readonly entraId?: string | undefined;
  readonly sid?: string | undefined;
  readonly objectGuid?: string | undefined;
  readonly puid?: string | undefined;
  /** The key of the host that a local account is of. */
  readonly hostName?: string | undefined;
}

const BUILT_IN_DOMAINS = new Set([
  'nt authority',
  'builtin',
  'nt service',
  'window manager',
  'font driver host',
  'iis apppool',
  'nt virtual machine',
  'workgroup',
  'localhost',
  'local',
  '.',
]);

/** Every key of an account. A bare name and a well-known SID identify within their workspace alone. */
export function accountKeys(names: AccountNames, workspace: string): string[] {
  const upn = principalName(names);
  const bare = bareNames(names, upn);
  const domains = (names.domains ?? []).map((domain) => domain?.trim().toLowerCase() ?? '');
  const joined = domains.filter((domain) => domain !== '' && !BUILT_IN_DOMAINS.has(domain));
  const qualified = joined.flatMap((domain) =>
    bare.map((name) => strongKey('user', `${domain}\\${escapeAt(name)}`)),
  );
  return [
    ...(upn === undefined ? [] : [strongKey('user', upn)]),
    ...guidKey('entra', names.entraId),
    ...sidKeys(names.sid, workspace, bare.length > 0),
    ...guidKey('object', names.objectGuid),
    ...(names.puid?.trim() ? [strongKey('user', `puid:${names.puid.trim().toLowerCase()}`)] : []),
    ...qualified,
    ...bare.map((name) => weakKey('user', localName(name, domains, names.hostName), workspace)),
  ];
}

/** The user principal name in lower case, whether `name` is the whole of it or its prefix. */
export function principalName({ name, upn, upnSuffix }: AccountNames): string | undefined {
  const whole = [upn, name].find((text) => text?.includes('@'));
  if (whole !== undefined) return readPrincipal(whole);
  const prefix = upn?.trim() || name?.trim();
  const isPrefix = prefix && upnSuffix?.trim() && !/[\s\\]/.test(prefix);
  return isPrefix ? readPrincipal(`${prefix}@${upnSuffix}`) : undefined;
}

function readPrincipal(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at).trim().toLowerCase();
  const domain = normaliseDomain(text.slice(at + 1));
  return local === '' || /\s/.test(local) || domain === undefined ? undefined : `${local}@${domain}`;
}

function bareNames({ name, logonName }: AccountNames, upn: string | undefined): string[] {
  const given = [name, logonName].map((text) => (text ?? '').trim().toLowerCase());
  const names = given.map((text) =>
    upn !== undefined && text.includes('@') ? text.slice(0, text.indexOf('@')) : text,
  );
  return [...new Set(names)].filter((text) => text !== '');
}

// Of a local account the machine is part of the name.
function localName(name: string, domains: readonly string[], hostName: string | undefined): string {
  const isLocal =
    domains.includes('') || domains.length === 0 || domains.some((each) => BUILT_IN_DOMAINS.has(each));
  return isLocal && hostName !== undefined && !name.includes('\\') ? `${hostName}\\${name}` : name;
}

const escapeAt = (name: string): string => name.replaceAll('@', '%40');

const ZERO_GUID = '00000000-0000-0000-0000-000000000000';
const GUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/** In lower case without braces; undefined for anything else, the zero GUID included. */
export function readGuid(text: string | undefined): string | undefined {
  const guid = GUID.exec(text?.trim() ?? '')?.[1]?.toLowerCase();
  return guid === ZERO_GUID ? undefined : guid;
}

function guidKey(kind: 'entra' | 'object', text: string | undefined): string[] {
  const guid = readGuid(text);
  return guid === undefined ? [] : [strongKey('user', `${kind}:${guid}`)];
}

/** A security identifier in lower case. */
export function readSid(text: string | undefined): string | undefined {
  const sid = text?.trim().toLowerCase();
  return sid !== undefined && /^s-\d{1,3}(?:-\d{1,20}){1,15}$/.test(sid) ? sid : undefined;
}

/** One that every machine or domain has, such as S-1-5-18 (SYSTEM) or those of services. */
export function isWellKnownSid(sid: string): boolean {
  const isService = /^s-1-5-(?:5|32|64|8\d|9\d)-/i.test(sid);
  return isService || sid.split('-').length < 7;
}

// A well-known SID is that of many accounts: it stands in for a name, and never beside one.
function sidKeys(text: string | undefined, workspace: string, isNamed: boolean): string[] {
  const sid = readSid(text);
  if (sid === undefined || (isNamed && isWellKnownSid(sid))) return [];
  return [isWellKnownSid(sid) ? weakKey('user', `sid:${sid}`, workspace) : strongKey('user', `sid:${sid}`)];
}
