import type { Entity } from '@socmate/contracts';
import type { OfflineProvider } from './observe.ts';

interface KnownSid {
  readonly name: string;
  /** Who holds it may change the domain or the machine. */
  readonly isPrivileged?: boolean;
}

const privileged = (name: string): KnownSid => ({ name, isPrivileged: true });

// From Microsoft's list of security identifiers.
const WHOLE: Readonly<Record<string, KnownSid>> = {
  's-1-0-0': { name: 'Nobody' },
  's-1-1-0': { name: 'Everyone' },
  's-1-2-0': { name: 'Local' },
  's-1-3-0': { name: 'Creator Owner' },
  's-1-5-2': { name: 'Network' },
  's-1-5-4': { name: 'Interactive' },
  's-1-5-6': { name: 'Service' },
  's-1-5-7': { name: 'Anonymous' },
  's-1-5-9': { name: 'Enterprise Domain Controllers' },
  's-1-5-11': { name: 'Authenticated Users' },
  's-1-5-13': { name: 'Terminal Server Users' },
  's-1-5-14': { name: 'Remote Interactive Logon' },
  's-1-5-17': { name: 'IUSR' },
  's-1-5-18': { name: 'Local System' },
  's-1-5-19': { name: 'Local Service' },
  's-1-5-20': { name: 'Network Service' },
  's-1-5-113': { name: 'Local account' },
  's-1-5-114': { name: 'Local account and member of Administrators' },
  's-1-5-32-544': privileged('Administrators'),
  's-1-5-32-545': { name: 'Users' },
  's-1-5-32-546': { name: 'Guests' },
  's-1-5-32-547': { name: 'Power Users' },
  's-1-5-32-548': privileged('Account Operators'),
  's-1-5-32-549': privileged('Server Operators'),
  's-1-5-32-550': privileged('Print Operators'),
  's-1-5-32-551': privileged('Backup Operators'),
  's-1-5-32-555': { name: 'Remote Desktop Users' },
  's-1-5-32-578': privileged('Hyper-V Administrators'),
  's-1-5-32-580': { name: 'Remote Management Users' },
};

// What follows the number of a domain or a machine.
const RELATIVE: Readonly<Record<string, KnownSid>> = {
  '498': { name: 'Enterprise Read-only Domain Controllers' },
  '500': privileged('Administrator'),
  '501': { name: 'Guest' },
  '502': privileged('krbtgt'),
  '503': { name: 'DefaultAccount' },
  '512': privileged('Domain Admins'),
  '513': { name: 'Domain Users' },
  '514': { name: 'Domain Guests' },
  '515': { name: 'Domain Computers' },
  '516': privileged('Domain Controllers'),
  '517': privileged('Cert Publishers'),
  '518': privileged('Schema Admins'),
  '519': privileged('Enterprise Admins'),
  '520': privileged('Group Policy Creator Owners'),
  '521': { name: 'Read-only Domain Controllers' },
  '525': { name: 'Protected Users' },
  '526': privileged('Key Admins'),
  '527': privileged('Enterprise Key Admins'),
};

/** What Windows calls a SID that is the same everywhere, or in every domain. */
export function knownSid(text: string): KnownSid | undefined {
  const sid = text.trim().toLowerCase();
  const relative = /^s-1-5-21-\d+-\d+-\d+-(\d+)$/.exec(sid)?.[1];
  if (relative !== undefined) return Object.hasOwn(RELATIVE, relative) ? RELATIVE[relative] : undefined;
  if (/^s-1-5-8[0-9]-/.test(sid)) return { name: 'a service, a pool or a virtual account' };
  return Object.hasOwn(WHOLE, sid) ? WHOLE[sid] : undefined;
}

/** The SID that an entity's attributes or aliases hold. */
export function sidOf({ attributes, aliases }: Entity): string | undefined {
  const told = attributes['sid'];
  if (typeof told === 'string') return told;
  const alias = aliases.find((each) => /^(?:user|security_group):sid:/.test(each));
  return alias?.replace(/^[^:]*:sid:/, '').replace(/@.*$/, '');
}

export const wellKnownSid: OfflineProvider = {
  name: 'well-known-sid',
  find(entity) {
    if (entity.type !== 'user' && entity.type !== 'security_group') return undefined;
    const sid = sidOf(entity);
    const known = sid === undefined ? undefined : knownSid(sid);
    if (known === undefined) return undefined;
    return {
      reliability: 'A',
      summary: known.name,
      evidence: { sid, name: known.name },
      context: { well_known_sid: known.name },
    };
  },
};
