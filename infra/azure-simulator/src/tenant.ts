import { createHmac, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { guid } from './guid.ts';
import { IDENTITY_ROLES, ROLES_OF, type Role, SYSTEM_ASSIGNED } from './roles.ts';

export interface Application {
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly objectId: string;
  /** What it may do in every workspace. */
  readonly roles: readonly Role[];
}

export interface Subscription {
  readonly id: string;
  readonly displayName: string;
}

export interface Tenant {
  readonly seed: string;
  readonly id: string;
  readonly applications: readonly Application[];
  /** They sign in where their process runs, and have no secret. */
  readonly managedIdentities: readonly Application[];
  /** One that signs in at Entra ID. */
  application(clientId: string): Application | undefined;
  /** The system-assigned one, or the user-assigned one of this client id. */
  managedIdentity(clientId: string | null): Application | undefined;
  /** Whoever a token may speak for. */
  principal(clientId: string): Application | undefined;
  subscription(displayName: string): Subscription;
}

const Kept = z.object({ seed: z.string().min(1) });

const principal = (seed: string, name: string, roles: readonly Role[]): Application => ({
  name,
  roles,
  clientId: guid(seed, 'client', name),
  objectId: guid(seed, 'principal', name),
  clientSecret: '',
});

/** Every id and secret follows from the seed, which is random and kept in the data folder. */
export function openTenant(dataDir: string, givenSeed: string | undefined): Tenant {
  const file = join(dataDir, 'tenant.json');
  if (!existsSync(file)) {
    const kept: z.output<typeof Kept> = { seed: givenSeed ?? randomUUID() };
    writeFileSync(`${file}.new`, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const { seed } = Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  const applications = Object.entries(ROLES_OF).map(([name, roles]) => ({
    ...principal(seed, name, roles),
    clientSecret: `sim8Q~${createHmac('sha256', seed).update(`secret ${name}`).digest('base64url').slice(0, 34)}`,
  }));
  const managedIdentities = Object.entries(IDENTITY_ROLES).map(([name, roles]) =>
    principal(seed, name, roles),
  );
  const named = (known: readonly Application[], clientId: string): Application | undefined =>
    known.find((one) => one.clientId === clientId.toLowerCase());
  const userAssigned = managedIdentities.filter(({ name }) => name !== SYSTEM_ASSIGNED);
  return {
    seed,
    id: guid(seed, 'tenant'),
    applications,
    managedIdentities,
    application: (clientId) => named(applications, clientId),
    managedIdentity: (clientId) =>
      clientId === null
        ? managedIdentities.find(({ name }) => name === SYSTEM_ASSIGNED)
        : named(userAssigned, clientId),
    principal: (clientId) => named([...applications, ...managedIdentities], clientId),
    subscription: (displayName) => ({ id: guid(seed, 'subscription', displayName), displayName }),
  };
}
