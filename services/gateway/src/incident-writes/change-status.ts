import type { StatusChangeCreate } from '@socmate/contracts';
import {
  appendAudit,
  createIncidentWrites,
  type IncidentRef,
  type Pool,
  type StatusChangeRecord,
  transaction,
  type WriteTarget,
} from '@socmate/database';
import { AppError, type Clock, type ErrorCode, type Ids } from '@socmate/runtime';
import { type Acting, auditEntry } from '../audit-entry.ts';
import { createOutcomeWaits } from './outcome-waits.ts';
import { writeTarget } from './write-target.ts';

export interface ChangeStatusDeps {
  readonly pool: Pool;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Wakes the making of a change; never rejects. */
  readonly wake: (changeId: string) => Promise<void>;
}

interface StatusChangeRequest {
  readonly ref: IncidentRef;
  readonly requested: StatusChangeCreate;
  /** `If-Match` with Sentinel's etag. */
  readonly ifMatch: string | undefined;
  /** How long the outcome is waited for. */
  readonly waitS: number;
}

/** Answers a change that is made, or one that still waits; throws where it was refused. */
export type ChangeStatus = (request: StatusChangeRequest, acting: Acting) => Promise<StatusChangeRecord>;

const BUSY_RETRY_S = 5;

const bare = (etag: string): string => etag.trim().replace(/^W\//, '').replaceAll('"', '');

function assertAllowed({ allowsStatusChanges, provider, providerId }: WriteTarget): void {
  if (allowsStatusChanges) return;
  const off = `changing incidents in Sentinel is off for workspace ${provider}`;
  const on = `an administrator turns it on with PATCH /api/admin/siem-providers/${providerId} {"allow_status_changes": true}`;
  throw new AppError('forbidden', `${off}: ${on}`);
}

function assertUnchanged({ etag, number }: WriteTarget, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  if (etag !== null && ifMatch.split(',').some((given) => bare(given) === bare(etag))) return;
  const other = `incident ${number} has another etag in Sentinel than If-Match names`;
  const right = 'If-Match takes what sentinel.etag of the incident says, not the ETag of the answer';
  throw new AppError('conflict', `${other}: ${right}; read it again`);
}

function assertFree({ hasRunningChange, number }: WriteTarget): void {
  if (!hasRunningChange) return;
  const message = `another change of incident ${number} is under way: repeat this one when it has ended`;
  throw new AppError('conflict', message, { retryAfterS: BUSY_RETRY_S });
}

async function store({ pool, ids, clock }: ChangeStatusDeps, request: StatusChangeRequest, acting: Acting) {
  const { ref, requested, ifMatch } = request;
  const id = ids.next('chg');
  const incidentId = await transaction(pool, async (db) => {
    const target = await writeTarget(db, ref);
    assertAllowed(target);
    assertUnchanged(target, ifMatch);
    assertFree(target);
    const by = { createdBy: acting.principal.id, requestId: acting.request.id };
    await createIncidentWrites(db).addStatusChange(target, { id, requested, ...by });
    const after = { incident_id: target.id, number: target.number, provider: target.provider, ...requested };
    const entry = auditEntry(ids, acting, { action: 'status_change.requested', target: id, after });
    await appendAudit(db, entry, clock.now());
    return target.id;
  });
  return { id, incidentId };
}

/** Of what a worker may store, the codes that are a caller's to see as they are. */
const TOLD = new Set<string>(['conflict', 'forbidden'] satisfies ErrorCode[]);

function fault({ change_id: id, error }: StatusChangeRecord): AppError {
  const { code = '', message = 'it failed' } = error ?? {};
  const told = TOLD.has(code) ? (code as ErrorCode) : 'upstream_error';
  return new AppError(told, `${message} (${id})`);
}

/** Stores a change to be made and tells the audit log, both or neither; then waits for what becomes of it. */
export function createChangeStatus(deps: ChangeStatusDeps): ChangeStatus {
  const outcomeOf = createOutcomeWaits();
  const writes = createIncidentWrites(deps.pool);
  return async (request, acting) => {
    const { id, incidentId } = await store(deps, request, acting);
    await deps.wake(id);
    const read = async (): Promise<StatusChangeRecord> => {
      const change = await writes.statusChange(incidentId, id);
      if (!change) throw new Error(`status change ${id} is gone`);
      return change;
    };
    const change = await outcomeOf(read, { waitMs: request.waitS * 1_000, signal: acting.request.signal });
    if (change.status === 'failed' || change.status === 'conflict') throw fault(change);
    return change;
  };
}
