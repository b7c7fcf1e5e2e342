import { Prisma } from './generated/client.ts';
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

/** Appended to in the transaction of the change that it tells of. */
export interface AuditLog {
  add(record: AuditRecord, at: Date): Promise<void>;
}

const stateOrNull = (state: AuditState | undefined): Prisma.InputJsonValue | typeof Prisma.DbNull =>
  state === undefined ? Prisma.DbNull : (state as Prisma.InputJsonObject);

export const createAuditLog = (db: Db): AuditLog => ({
  add: async ({ before, after, ...record }, at) => {
    const optional = { ip: record.ip ?? null, requestId: record.requestId ?? null };
    const state = { before: stateOrNull(before), after: stateOrNull(after) };
    await db.auditLog.create({ data: { ...record, ...optional, ...state, at } });
  },
});
