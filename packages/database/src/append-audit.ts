import type { AuditRecord } from './audit-log.ts';
import { type Queryable, run } from './pool.ts';

const APPEND = `INSERT INTO audit_log (id, actor, action, target_type, target_id, before, after, ip, request_id, at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

const json = (state: unknown): string | null => (state === undefined ? null : JSON.stringify(state));

/** The audit log's entry for a change that a `pg` transaction makes, in that transaction. */
export async function appendAudit(db: Queryable, record: AuditRecord, at: Date): Promise<void> {
  const { id, actor, action, targetType, targetId, before, after, ip, requestId } = record;
  const values = [id, actor, action, targetType, targetId, json(before), json(after), ip, requestId, at];
  await run(db, { text: APPEND, values });
}
