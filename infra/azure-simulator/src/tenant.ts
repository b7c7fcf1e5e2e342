import { createHmac, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { guid } from './guid.ts';
import { ROLES_OF, type Role } from './roles.ts';

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
  application(clientId: string): Application | undefined;
  subscription(displayName: string): Subscription;
}

const Kept = z.object({ seed: z.string().min(1) });

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
    name,
    roles,
    clientId: guid(seed, 'client', name),
    objectId: guid(seed, 'principal', name),
    clientSecret: `sim8Q~${createHmac('sha256', seed).update(`secret ${name}`).digest('base64url').slice(0, 34)}`,
  }));
  return {
    seed,
    id: guid(seed, 'tenant'),
    applications,
    application: (clientId) => applications.find((known) => known.clientId === clientId.toLowerCase()),
    subscription: (displayName) => ({ id: guid(seed, 'subscription', displayName), displayName }),
  };
}
