import { Prisma, type AuditLog as Row } from './generated/client.ts';
import type { Db } from './prisma.ts';

export type AuditState = Readonly<Record<string, unknown>>;

export interface AuditRecord {
  readonly id: string;
  readonly actor: string;
  /** `api_key.created`: what was changed, and how, in the past tense. */
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string;
  /** Secrets are masked by whoever writes the entry. */
  readonly before?: AuditState | undefined;
  readonly after?: AuditState | undefined;
  readonly ip?: string | undefined;
  readonly requestId?: string | undefined;
}

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly targetType?: string | undefined;
  readonly targetId?: string | undefined;
}

export interface AuditPosition {
  readonly at: Date;
  readonly id: string;
}

export interface StoredAuditRecord {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string;
  readonly before: AuditState | null;
  readonly after: AuditState | null;
  readonly ip: string | null;
  readonly requestId: string | null;
}

/** Appended to in the transaction of the change that it tells of. */
export interface AuditLog {
  add(record: AuditRecord, at: Date): Promise<void>;
  /** Newest first. `total` stops at `countMax`. */
  list(
    filter: AuditFilter,
    page: { limit: number; offset: number; after?: AuditPosition | undefined },
    countMax: number,
  ): Promise<{ records: StoredAuditRecord[]; total: number; next: AuditPosition | null }>;
}

const stateOrNull = (state: AuditState | undefined): Prisma.InputJsonValue | typeof Prisma.DbNull =>
  state === undefined ? Prisma.DbNull : (state as Prisma.InputJsonObject);

const toStored = (row: Row): StoredAuditRecord => ({
  ...row,
  before: row.before as AuditState | null,
  after: row.after as AuditState | null,
});

const given = (filter: AuditFilter) =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));

export const createAuditLog = (db: Db): AuditLog => ({
  add: async ({ before, after, ...record }, at) => {
    const optional = { ip: record.ip ?? null, requestId: record.requestId ?? null };
    const state = { before: stateOrNull(before), after: stateOrNull(after) };
    await db.auditLog.create({ data: { ...record, ...optional, ...state, at } });
  },
  list: async (filter, { limit, offset, after }, countMax) => {
    const where = given(filter);
    const older = after && { OR: [{ at: { lt: after.at } }, { at: after.at, id: { lt: after.id } }] };
    const [total, found] = await Promise.all([
      db.auditLog.count({ where, take: countMax }),
      db.auditLog.findMany({
        where: { ...where, ...older },
        orderBy: [{ at: 'desc' }, { id: 'desc' }],
        take: limit + 1,
        skip: offset,
      }),
    ]);
    const records = found.slice(0, limit).map(toStored);
    const last = records.at(-1);
    return {
      records,
      total,
      next: last && found.length > limit ? { at: last.at, id: last.id } : null,
    };
  },
});
