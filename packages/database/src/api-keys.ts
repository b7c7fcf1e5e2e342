import { Scope } from '@socmate/contracts';
import { z } from 'zod';
import type { ApiKey } from './generated/client.ts';
import type { Position } from './position.ts';
import type { Db } from './prisma.ts';

const DAY_MS = 86_400_000;

export interface ApiKeyRecord {
  readonly id: string;
  readonly keyId: string;
  readonly name: string;
  readonly description: string | null;
  readonly scopes: readonly Scope[];
  readonly providers: readonly string[];
  readonly isBootstrap: boolean;
  readonly rateLimitPerMinute: number;
  readonly expiresAt: Date | null;
  readonly disabledAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly lastUsedIp: string | null;
  readonly requests24h: number;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** `createdAt` is to the millisecond, for it is what a list goes on from. */
type NewApiKeyRecord = Omit<
  ApiKeyRecord,
  'disabledAt' | 'lastUsedAt' | 'lastUsedIp' | 'requests24h' | 'updatedAt'
> & { readonly secretHash: string };

export type ApiKeyChange = Partial<
  Pick<
    NewApiKeyRecord,
    'name' | 'description' | 'scopes' | 'providers' | 'rateLimitPerMinute' | 'expiresAt'
  > & { readonly disabledAt: Date | null; readonly deletedAt: Date }
>;

export interface ApiKeyListing {
  readonly keys: readonly ApiKeyRecord[];
  readonly total: number;
  /** After the last key, where there are more. */
  readonly next: Position | null;
}

/** The keys as they are administered; a deleted one is not found. Request counts reach back 24 hours from `now`. */
export interface ApiKeys {
  /** Undefined where the key id is taken. */
  add(key: NewApiKeyRecord): Promise<ApiKeyRecord | undefined>;
  byId(id: string, now: Date): Promise<ApiKeyRecord | undefined>;
  /** Holds the row until the transaction ends; undefined where there is no such key. */
  change(
    id: string,
    change: ApiKeyChange,
    now: Date,
  ): Promise<{ before: ApiKeyRecord; after: ApiKeyRecord } | undefined>;
  list(
    page: { limit: number; offset: number; after?: Position | undefined },
    now: Date,
  ): Promise<ApiKeyListing>;
}

const toRecord = (key: ApiKey, requests24h: number): ApiKeyRecord => {
  const { secretHash: _, deletedAt: __, ...rest } = key;
  return { ...rest, scopes: z.array(Scope).parse(key.scopes), requests24h };
};

async function withUse(db: Db, keys: readonly ApiKey[], now: Date): Promise<ApiKeyRecord[]> {
  const counts = await db.apiKeyUsage.groupBy({
    by: ['apiKeyId'],
    where: { apiKeyId: { in: keys.map(({ id }) => id) }, hour: { gte: new Date(now.getTime() - DAY_MS) } },
    _sum: { requests: true },
  });
  const requests = new Map(counts.map(({ apiKeyId, _sum }) => [apiKeyId, Number(_sum.requests ?? 0)]));
  return keys.map((key) => toRecord(key, requests.get(key.id) ?? 0));
}

async function findOne(db: Db, id: string, now: Date): Promise<ApiKeyRecord | undefined> {
  const key = await db.apiKey.findFirst({ where: { id, deletedAt: null } });
  return key ? (await withUse(db, [key], now))[0] : undefined;
}

const changed = ({ scopes, providers, ...rest }: ApiKeyChange, now: Date) => ({
  ...rest,
  ...(scopes && { scopes: [...scopes] }),
  ...(providers && { providers: [...providers] }),
  updatedAt: now,
});

async function list(db: Db, page: Parameters<ApiKeys['list']>[0], now: Date): Promise<ApiKeyListing> {
  const { limit, offset, after } = page;
  const at = after && new Date(after.time);
  const older = after && at && { OR: [{ createdAt: { lt: at } }, { createdAt: at, id: { lt: after.id } }] };
  const [total, found] = await Promise.all([
    db.apiKey.count({ where: { deletedAt: null } }),
    db.apiKey.findMany({
      where: { deletedAt: null, ...older },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
      skip: offset,
    }),
  ]);
  const keys = await withUse(db, found.slice(0, limit), now);
  const last = keys.at(-1);
  return {
    keys,
    total,
    next: last && found.length > limit ? { time: last.createdAt.toISOString(), id: last.id } : null,
  };
}

export const createApiKeys = (db: Db): ApiKeys => ({
  add: async ({ scopes, providers, ...key }) => {
    const data = { ...key, scopes: [...scopes], providers: [...providers], updatedAt: key.createdAt };
    const [added] = await db.apiKey.createManyAndReturn({ data: [data], skipDuplicates: true });
    return added && toRecord(added, 0);
  },
  byId: (id, now) => findOne(db, id, now),
  change: async (id, change, now) => {
    // Locks the row first, so that what the audit log calls "before" is what was changed.
    await db.$queryRaw`SELECT FROM api_key WHERE id = ${id} FOR UPDATE`;
    const before = await findOne(db, id, now);
    if (!before) return undefined;
    const after = await db.apiKey.update({ where: { id }, data: changed(change, now) });
    return { before, after: toRecord(after, before.requests24h) };
  },
  list: (page, now) => list(db, page, now),
});
