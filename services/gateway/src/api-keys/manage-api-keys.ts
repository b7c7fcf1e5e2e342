import type { ApiKeyPatch, ApiKeyToCreate } from '@socmate/contracts';
import { createApiKey } from '@socmate/crypto';
import {
  type ApiKeyChange,
  type ApiKeyRecord,
  createApiKeys,
  createAuditLog,
  type PrismaClient,
} from '@socmate/database';
import { AppError, type Clock, type Ids, notFound } from '@socmate/runtime';
import { type Acting, auditEntry } from '../audit-entry.ts';
import { isWithinLimits, limitedTo } from './key-limits.ts';
import { auditedApiKey } from './to-api-key.ts';

const DAY_MS = 86_400_000;

export interface ManageApiKeysDeps {
  readonly prisma: PrismaClient;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Told of each changed key after its change committed. */
  readonly onChanged: (keyId: string) => void;
}

interface AddedApiKey {
  readonly key: ApiKeyRecord;
  /** The whole key, known here and nowhere else. */
  readonly apiKey: string;
}

/** Each change and its audit entry commit together. Who is limited to workspaces manages keys of these alone. */
export interface ManageApiKeys {
  create(input: ApiKeyToCreate, acting: Acting): Promise<AddedApiKey>;
  update(id: string, patch: ApiKeyPatch, acting: Acting): Promise<ApiKeyRecord>;
  disable(id: string, acting: Acting): Promise<ApiKeyRecord>;
  enable(id: string, acting: Acting): Promise<ApiKeyRecord>;
  remove(id: string, acting: Acting): Promise<ApiKeyRecord>;
}

const expiry = (days: number | null | undefined, now: Date): Date | null =>
  days ? new Date(now.getTime() + days * DAY_MS) : null;

async function create({ prisma, clock, ids }: ManageApiKeysDeps, input: ApiKeyToCreate, acting: Acting) {
  const now = clock.now();
  const providers = limitedTo(input.providers, acting.principal);
  const { apiKey, keyId, secretHash } = createApiKey();
  const key = await prisma.$transaction(async (tx) => {
    const added = await createApiKeys(tx).add({
      id: ids.next('key'),
      keyId,
      secretHash,
      name: input.name,
      description: input.description ?? null,
      scopes: input.scopes,
      providers,
      isBootstrap: false,
      rateLimitPerMinute: input.rate_limit_per_minute,
      expiresAt: expiry(input.expires_in_days, now),
      createdBy: acting.principal.id,
      createdAt: now,
    });
    if (!added) throw new AppError('conflict', 'a key with this key id exists; try again');
    const created = { action: 'api_key.created', target: added.id, after: auditedApiKey(added, now) };
    await createAuditLog(tx).add(auditEntry(ids, acting, created), now);
    return added;
  });
  return { key, apiKey };
}

interface Changing {
  readonly id: string;
  readonly action: 'updated' | 'disabled' | 'enabled' | 'deleted';
  readonly change: ApiKeyChange;
  readonly acting: Acting;
}

async function change(deps: ManageApiKeysDeps, { id, action, change: wanted, acting }: Changing) {
  const { prisma, clock, ids, onChanged } = deps;
  const now = clock.now();
  const key = await prisma.$transaction(async (tx) => {
    const changed = await createApiKeys(tx).change(id, wanted, now);
    if (!changed) throw notFound('API key', id);
    const { before, after } = changed;
    if (!isWithinLimits(before.providers, acting.principal)) throw notFound('API key', id);
    if (before.isBootstrap && wanted.scopes)
      throw new AppError('conflict', 'a bootstrap key has every scope; delete it instead');
    const entry = auditEntry(ids, acting, {
      action: `api_key.${action}`,
      target: id,
      before: auditedApiKey(before, now),
      ...(action !== 'deleted' && { after: auditedApiKey(after, now) }),
    });
    await createAuditLog(tx).add(entry, now);
    return after;
  });
  onChanged(key.keyId);
  return key;
}

function toChange(patch: ApiKeyPatch, { principal }: Acting, now: Date): ApiKeyChange {
  const { expires_in_days: days, rate_limit_per_minute: rate, providers, ...same } = patch;
  return {
    ...same,
    ...(rate !== undefined && { rateLimitPerMinute: rate }),
    ...(providers !== undefined && { providers: limitedTo(providers, principal) }),
    ...(days !== undefined && { expiresAt: expiry(days, now) }),
  } as ApiKeyChange;
}

function assertNotOwn(id: string, acting: Acting, what: string): void {
  if (id === acting.principal.id)
    throw new AppError('conflict', `a key cannot ${what} itself; use another admin key`);
}

export const createManageApiKeys = (deps: ManageApiKeysDeps): ManageApiKeys => ({
  create: (input, acting) => create(deps, input, acting),
  update: async (id, patch, acting) =>
    change(deps, { id, acting, action: 'updated', change: toChange(patch, acting, deps.clock.now()) }),
  disable: async (id, acting) => {
    assertNotOwn(id, acting, 'disable');
    return change(deps, { id, acting, action: 'disabled', change: { disabledAt: deps.clock.now() } });
  },
  enable: (id, acting) => change(deps, { id, acting, action: 'enabled', change: { disabledAt: null } }),
  remove: async (id, acting) => {
    assertNotOwn(id, acting, 'delete');
    return change(deps, { id, acting, action: 'deleted', change: { deletedAt: deps.clock.now() } });
  },
});
