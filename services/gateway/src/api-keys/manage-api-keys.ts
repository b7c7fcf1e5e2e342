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
import type { Actor } from '../actor.ts';
import { auditedApiKey } from './to-api-key.ts';

const DAY_MS = 86_400_000;

export interface ManageApiKeysDeps {
  readonly prisma: PrismaClient;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Told of each changed key after its change committed. */
  readonly onChanged: (keyId: string) => void;
}

export interface AddedApiKey {
  readonly key: ApiKeyRecord;
  /** The whole key, known here and nowhere else. */
  readonly apiKey: string;
}

/** Each change and its audit entry commit together. */
export interface ManageApiKeys {
  create(input: ApiKeyToCreate, actor: Actor): Promise<AddedApiKey>;
  update(id: string, patch: ApiKeyPatch, actor: Actor): Promise<ApiKeyRecord>;
  disable(id: string, actor: Actor): Promise<ApiKeyRecord>;
  enable(id: string, actor: Actor): Promise<ApiKeyRecord>;
  remove(id: string, actor: Actor): Promise<ApiKeyRecord>;
}

const expiry = (days: number | null | undefined, now: Date): Date | null =>
  days ? new Date(now.getTime() + days * DAY_MS) : null;

async function create({ prisma, clock, ids }: ManageApiKeysDeps, input: ApiKeyToCreate, actor: Actor) {
  const now = clock.now();
  const { apiKey, keyId, secretHash } = createApiKey();
  const key = await prisma.$transaction(async (tx) => {
    const added = await createApiKeys(tx).add({
      id: ids.next('key'),
      keyId,
      secretHash,
      name: input.name,
      description: input.description ?? null,
      scopes: input.scopes,
      providers: input.providers,
      isBootstrap: false,
      rateLimitPerMinute: input.rate_limit_per_minute,
      expiresAt: expiry(input.expires_in_days, now),
      createdBy: actor.id,
    });
    if (!added) throw new AppError('conflict', 'a key with this key id exists; try again');
    const entry = {
      id: ids.next('aud'),
      action: 'api_key.created',
      targetType: 'api_key',
      targetId: added.id,
    };
    const { id, ...where } = actor;
    await createAuditLog(tx).add({ ...entry, ...where, actor: id, after: auditedApiKey(added, now) }, now);
    return added;
  });
  return { key, apiKey };
}

interface Changing {
  readonly id: string;
  readonly action: string;
  readonly change: ApiKeyChange;
  readonly actor: Actor;
}

async function change({ prisma, clock, ids, onChanged }: ManageApiKeysDeps, changing: Changing) {
  const now = clock.now();
  const { id: actor, ...where } = changing.actor;
  const key = await prisma.$transaction(async (tx) => {
    const changed = await createApiKeys(tx).change(changing.id, changing.change, now);
    if (!changed) throw notFound('API key', changing.id);
    const { before, after } = changed;
    if (before.isBootstrap && changing.change.scopes)
      throw new AppError('conflict', 'a bootstrap key has every scope; delete it instead');
    const entry = { id: ids.next('aud'), action: changing.action, targetType: 'api_key', targetId: after.id };
    const isRemoved = changing.change.deletedAt !== undefined;
    const states = {
      before: auditedApiKey(before, now),
      after: isRemoved ? undefined : auditedApiKey(after, now),
    };
    await createAuditLog(tx).add({ ...entry, ...where, ...states, actor }, now);
    return after;
  });
  onChanged(key.keyId);
  return key;
}

function toChange(patch: ApiKeyPatch, now: Date): ApiKeyChange {
  const { expires_in_days: days, rate_limit_per_minute: rate, ...same } = patch;
  return {
    ...same,
    ...(rate !== undefined && { rateLimitPerMinute: rate }),
    ...(days !== undefined && { expiresAt: expiry(days, now) }),
  } as ApiKeyChange;
}

function assertNotOwn(id: string, actor: Actor, what: string): void {
  if (id === actor.id) throw new AppError('conflict', `a key cannot ${what} itself; use another admin key`);
}

export const createManageApiKeys = (deps: ManageApiKeysDeps): ManageApiKeys => ({
  create: (input, actor) => create(deps, input, actor),
  update: (id, patch, actor) => {
    const changes = toChange(patch, deps.clock.now());
    return change(deps, { id, actor, action: 'api_key.updated', change: changes });
  },
  disable: async (id, actor) => {
    assertNotOwn(id, actor, 'disable');
    return change(deps, { id, actor, action: 'api_key.disabled', change: { disabledAt: deps.clock.now() } });
  },
  enable: (id, actor) => change(deps, { id, actor, action: 'api_key.enabled', change: { disabledAt: null } }),
  remove: async (id, actor) => {
    assertNotOwn(id, actor, 'delete');
    return change(deps, { id, actor, action: 'api_key.deleted', change: { deletedAt: deps.clock.now() } });
  },
});
