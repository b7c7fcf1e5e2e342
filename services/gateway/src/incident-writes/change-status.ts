import { setTimeout as delay } from 'node:timers/promises';
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

const POLL_MS = 200;
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
  throw new AppError(
    'conflict',
    `incident ${number} has another etag in Sentinel than If-Match names: read it again`,
  );
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

/** The state is in the row: whichever process made the change, and whether or not Redis told of it, it is seen here. */
async function outcome(
  { pool }: ChangeStatusDeps,
  { id, incidentId }: { readonly id: string; readonly incidentId: string },
  waitS: number,
): Promise<StatusChangeRecord> {
  const writes = createIncidentWrites(pool);
  const deadline = performance.now() + waitS * 1_000;
  for (;;) {
    const change = await writes.statusChange(incidentId, id);
    if (!change) throw new Error(`status change ${id} is gone`);
    if (change.status !== 'pending' || performance.now() >= deadline) return change;
    await delay(Math.min(POLL_MS, Math.max(1, deadline - performance.now())));
  }
}

/** Stores a change to be made and tells the audit log, both or neither; then waits for what becomes of it. */
export const createChangeStatus =
  (deps: ChangeStatusDeps): ChangeStatus =>
  async (request, acting) => {
    const stored = await store(deps, request, acting);
    await deps.wake(stored.id);
    const change = await outcome(deps, stored, request.waitS);
    if (change.status === 'failed' || change.status === 'conflict') throw fault(change);
    return change;
  };
