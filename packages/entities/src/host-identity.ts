import { readGuid } from './account-identity.ts';
import { normaliseDomain } from './domains.ts';
import { strongKey, weakKey } from './keys.ts';

export interface HostNames {
  readonly name?: string | undefined;
  readonly netBiosName?: string | undefined;
  readonly fqdn?: string | undefined;
  readonly dnsDomain?: string | undefined;
  readonly ntDomain?: string | undefined;
  readonly azureId?: string | undefined;
  readonly agentId?: string | undefined;
  readonly defenderId?: string | undefined;
  readonly entraId?: string | undefined;
}

/** Every key of a host; its bare name identifies within its workspace alone. */
export function hostKeys(names: HostNames, workspace: string): string[] {
  const full = fullName(names);
  const bare = bareName(names, full);
  const ntDomain = names.ntDomain?.trim().toLowerCase() ?? '';
  const isJoined = ntDomain !== '' && ntDomain !== 'workgroup' && !ntDomain.includes('.');
  const entraId = readGuid(names.entraId);
  const agentId = readGuid(names.agentId);
  return [
    ...(full === undefined ? [] : [strongKey('host', full)]),
    ...(entraId === undefined ? [] : [strongKey('host', `entra:${entraId}`)]),
    ...(agentId === undefined ? [] : [strongKey('host', `agent:${agentId}`)]),
    ...prefixed('azure', names.azureId),
    ...prefixed('mde', names.defenderId),
    ...(bare !== undefined && isJoined ? [strongKey('host', `${ntDomain}\\${bare}`)] : []),
    ...(bare === undefined ? [] : [weakKey('host', bare, workspace)]),
  ];
}

/** The DNS name in lower case, where the domain is known. */
export function fullName({ name, fqdn, dnsDomain, ntDomain }: HostNames): string | undefined {
  const host = name?.trim().toLowerCase() ?? '';
  const domain = (dnsDomain?.trim() || (ntDomain?.includes('.') ? ntDomain.trim() : '')).toLowerCase();
  const given = fqdn === undefined ? undefined : normaliseDomain(fqdn);
  if (given !== undefined) return given;
  if (host.includes('.')) return normaliseDomain(host);
  return host === '' || domain === '' ? undefined : normaliseDomain(`${host}.${domain}`);
}

function bareName({ name, netBiosName }: HostNames, full: string | undefined): string | undefined {
  const given = (name?.trim() || netBiosName?.trim() || full || '').toLowerCase();
  const bare = full === undefined ? given : given.split('.')[0];
  return bare === '' ? undefined : bare;
}

function prefixed(kind: 'azure' | 'mde', id: string | undefined): string[] {
  const text = id?.trim().toLowerCase() ?? '';
  return text === '' || readZero(text) ? [] : [strongKey('host', `${kind}:${text}`)];
}

const readZero = (text: string): boolean => /^[0-]+$/.test(text);
