import type { AuditRecord, AuditState } from '@socmate/database';
import type { Principal, RequestInfo } from '@socmate/http';
import type { Ids } from '@socmate/runtime';

/** Who changes something, and by which request. */
export interface Acting {
  readonly principal: Principal;
  readonly request: RequestInfo;
}

export interface Change {
  /** `incident.updated`: what was changed, and how, in the past tense. */
  readonly action: string;
  readonly target: string;
  /** Without secrets. */
  readonly before?: AuditState;
  readonly after?: AuditState;
}

/** The audit log's record of a change. */
export function auditEntry(ids: Ids, { principal, request }: Acting, change: Change): AuditRecord {
  const { action, target, before, after } = change;
  return {
    id: ids.next('aud'),
    actor: principal.id,
    action,
    targetType: action.slice(0, action.indexOf('.')),
    targetId: target,
    before,
    after,
    ip: request.ip,
    requestId: request.id,
  };
}

/** Of two states of a thing, the fields that differ. */
export function changedFields<T extends AuditState>(
  before: T,
  after: T,
): { before: AuditState; after: AuditState } {
  const names = Object.keys(after).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const pick = (state: T): AuditState => Object.fromEntries(names.map((name) => [name, state[name]]));
  return { before: pick(before), after: pick(after) };
}
