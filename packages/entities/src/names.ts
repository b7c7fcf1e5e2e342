import { accountKeys, principalName, readSid } from './account-identity.ts';
import type { Described } from './entity.ts';
import { hostKeys } from './host-identity.ts';

/** An account by its UPN, by `DOMAIN\user`, or by a bare name. */
export function describeAccountName(text: string, workspace: string): Described | undefined {
  const trimmed = text.trim();
  const slash = trimmed.search(/\\/);
  const domain = slash > 0 ? trimmed.slice(0, slash) : undefined;
  const name = trimmed.slice(slash + 1).replace(/^\\+/, '');
  if (name === '') return undefined;
  const names = { name, domains: [domain] };
  const value = principalName(names) ?? (domain === undefined ? name : `${domain}\\${name}`);
  return { type: 'user', value, identifiers: accountKeys(names, workspace) };
}

export function describeSid(text: string, workspace: string): Described | undefined {
  const sid = readSid(text);
  return sid === undefined
    ? undefined
    : { type: 'user', value: sid.toUpperCase(), identifiers: accountKeys({ sid }, workspace) };
}

/** A host by its DNS name or its bare one. */
export function describeHostName(text: string, workspace: string): Described | undefined {
  const name = text.trim().toLowerCase();
  return name === '' ? undefined : { type: 'host', value: name, identifiers: hostKeys({ name }, workspace) };
}
