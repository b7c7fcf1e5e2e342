import type { Entity, Observation } from '@socmate/contracts';
import { z } from 'zod';
import type { OfflineProvider } from './observe.ts';
import { roleName } from './privileged-roles.ts';
import { knownSid, sidOf } from './well-known-sids.ts';

export const PRIVILEGED_ACCOUNTS = 'privileged-accounts';

const GROUPS = new Set(
  [
    'Administrators',
    'Domain Admins',
    'Enterprise Admins',
    'Schema Admins',
    'Account Operators',
    'Backup Operators',
    'Server Operators',
    'Print Operators',
    'Group Policy Creator Owners',
    'Key Admins',
    'Enterprise Key Admins',
    'DnsAdmins',
    'Hyper-V Administrators',
    'Exchange Trusted Subsystem',
    'Organization Management',
  ].map((name) => name.toLowerCase()),
);

const ROLE_ATTRIBUTES = ['assigned_roles', 'roles', 'directory_roles', 'role_template_ids'];
const GROUP_ATTRIBUTES = ['group_memberships', 'groups', 'member_of'];
const FLAGS = ['sensitive', 'is_sensitive', 'is_privileged'];

/** What makes an account privileged, as far as its attributes and its SID say. */
export const privilegedAccounts: OfflineProvider = {
  name: PRIVILEGED_ACCOUNTS,
  find(entity) {
    const privileges = entity.type === 'user' ? readPrivileges(entity) : [];
    if (privileges.length === 0) return undefined;
    return {
      reliability: 'A',
      summary: `privileged: ${privileges.join(', ')}`,
      evidence: { privileges },
      context: { privileges },
    };
  },
};

const Evidence = z.object({ privileges: z.array(z.string()) });

/** What `privilegedAccounts` said among the observations of an entity. */
export function privilegesOf(observations: readonly Observation[]): string[] {
  const told = observations.find(({ provider }) => provider === PRIVILEGED_ACCOUNTS);
  return told === undefined ? [] : (Evidence.safeParse(told.evidence).data?.privileges ?? []);
}

function readPrivileges(entity: Entity): string[] {
  const { attributes } = entity;
  const roles = textsOf(attributes, ROLE_ATTRIBUTES).flatMap((text) => roleName(text) ?? []);
  const groups = textsOf(attributes, GROUP_ATTRIBUTES).filter((name) => GROUPS.has(groupName(name)));
  const sid = knownSid(sidOf(entity) ?? '');
  const isFlagged = FLAGS.some((name) => /^true$/i.test(textOf(attributes[name])));
  const found = [
    ...roles,
    ...groups,
    ...(sid?.isPrivileged === true ? [sid.name] : []),
    ...(isFlagged ? ['marked as sensitive'] : []),
  ];
  return [...new Set(found)].sort();
}

/** The name of a group that is given as `CN=Domain Admins,…` or `CONTOSO\Domain Admins`. */
const groupName = (text: string): string =>
  text
    .replace(/^cn=([^,]*),.*$/i, '$1')
    .replace(/^.*\\/, '')
    .trim()
    .toLowerCase();

function textsOf(attributes: Entity['attributes'], names: readonly string[]): string[] {
  return names
    .map((name) => attributes[name])
    .flatMap((value) => (typeof value === 'string' ? value.split(';') : Array.isArray(value) ? value : []))
    .filter((value) => typeof value === 'string')
    .map((value) => value.trim());
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
