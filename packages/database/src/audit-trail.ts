import { TOTAL_MAX } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';
import { type Position, positionColumn } from './position.ts';

const State = z.record(z.string(), z.unknown()).nullable();

const EntryRow = z.object({
  id: z.string(),
  at: z.date().transform((date) => date.toISOString()),
  actor: z.string(),
  action: z.string(),
  target_type: z.string(),
  target_id: z.string(),
  before: State,
  after: State,
  ip: z.string().nullable(),
  request_id: z.string().nullable(),
});
const ListRow = EntryRow.extend({ position: z.string() });

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target_type?: string | undefined;
  readonly target_id?: string | undefined;
}

interface AuditListing {
  readonly entries: readonly z.output<typeof EntryRow>[];
  /** Counted to `TOTAL_MAX` and one. */
  readonly total: number;
  readonly next: Position | null;
}

/** The audit log as it is read: newest first. */
export interface AuditTrail {
  list(
    filter: AuditFilter,
    page: { limit: number; offset: number; after?: Position | undefined },
  ): Promise<AuditListing>;
}

const COLUMNS = Object.keys(EntryRow.shape).join(', ');

function conditions(filter: AuditFilter, bind: (value: unknown) => string): string[] {
  const { actor, action, target_type, target_id } = filter;
  const given = Object.entries({ actor, action, target_type, target_id });
  return given.flatMap(([column, value]) => (value === undefined ? [] : [`${column} = ${bind(value)}`]));
}

function statement(build: (bind: (value: unknown) => string) => string): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  return { text: build((value) => `$${values.push(value)}`), values };
}

export const createAuditTrail = (db: Queryable): AuditTrail => ({
  list: async (filter, { limit, offset, after }) => {
    const page = statement((bind) => {
      const where = ['true', ...conditions(filter, bind)];
      if (after) where.push(`(at, id) < (${bind(after.time)}::timestamptz, ${bind(after.id)})`);
      return `SELECT ${COLUMNS}, ${positionColumn('at')} FROM audit_log WHERE ${where.join(' AND ')}
        ORDER BY at DESC, id DESC LIMIT ${bind(limit + 1)} OFFSET ${bind(offset)}`;
    });
    const count = statement((bind) => {
      const where = ['true', ...conditions(filter, bind)].join(' AND ');
      return `SELECT count(*) AS total FROM (SELECT FROM audit_log WHERE ${where} LIMIT ${bind(TOTAL_MAX + 1)}) AS c`;
    });
    const found = await rows(db, ListRow, page);
    const [counted] = await rows(db, z.object({ total: z.int() }), count);
    const entries = found.slice(0, limit);
    const last = entries.at(-1);
    const next = last && found.length > limit ? { time: last.position, id: last.id } : null;
    return { entries, total: counted?.total ?? 0, next };
  },
});
