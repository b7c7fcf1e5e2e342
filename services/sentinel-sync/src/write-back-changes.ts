import {
  appendAudit,
  createSiemProviders,
  createStatusChangeQueue,
  type Pool,
  type StatusChangeClaim,
  type StatusChangeEnd,
  type StatusChangeQueue,
  transaction,
  writeWorkspace,
} from '@socmate/database';
import type { Clock, Ids } from '@socmate/runtime';
import { parseIncident, type SentinelIncident } from '@socmate/sentinel';
import { changeableState, isAsRequested, replacementOf, seenDifferences } from './incident-replacement.ts';
import {
  type Destination,
  DISCONNECTED,
  givenUp,
  judgeWrite,
  takeWrite,
  type Wait,
  type WriteBackDeps,
} from './write-back-attempt.ts';
import { statusChangeEnded, writeWaits } from './write-back-events.ts';
import { writeError } from './write-back-fault.ts';

export interface ChangeIncidentDeps extends WriteBackDeps {
  readonly pool: Pool;
  readonly changes: StatusChangeQueue;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Wakes the sync of a workspace; never rejects. */
  readonly wakeSync: (providerId: string) => Promise<void>;
}

type Outcome = StatusChangeEnd | { readonly wait: Wait };

interface Attempt {
  readonly deps: ChangeIncidentDeps;
  readonly destination: Destination;
  readonly claim: StatusChangeClaim;
  readonly signal: AbortSignal;
}

const failed = (code: string, message: string): StatusChangeEnd => ({
  status: 'failed',
  error: { code, message },
});

const GONE = failed('conflict', 'the incident was deleted in Sentinel');
const SWITCHED_OFF = failed('forbidden', 'status changes were switched off for the workspace');

const conflict = (fields: readonly string[], found: SentinelIncident): StatusChangeEnd => ({
  status: 'conflict',
  after: changeableState(found),
  error: {
    code: 'conflict',
    message: `the incident changed in Sentinel since it was synced (${fields.join(', ')}): read it again after the next sync and repeat the request`,
  },
});

async function replace(attempt: Attempt, known: SentinelIncident, found: SentinelIncident): Promise<Outcome> {
  const { deps, destination, claim, signal } = attempt;
  const replacement = { etag: found.etag ?? '', properties: replacementOf(found, claim.requested) };
  try {
    const replaced = await destination.client.replaceIncident(claim.incident_name, replacement, signal);
    return {
      status: 'applied',
      before: changeableState(known),
      after: changeableState(replaced),
      error: null,
    };
  } catch (fault) {
    if (signal.aborted) return { wait: { isUncertain: true, error: null, delayS: 0 } };
    const { verdict, wait } = await judgeWrite(deps, attempt, fault);
    if (wait) return { wait };
    // Somebody was quicker, or an earlier attempt of ours: what was changed decides, when it is read again.
    if (verdict.kind === 'changed')
      return { wait: { isUncertain: claim.is_uncertain, error: writeError(fault), delayS: 0 } };
    return { status: 'failed', before: changeableState(known), error: writeError(fault) };
  }
}

/** What there is to say without writing: that it is done, or must not be. */
function foregone({ destination, claim }: Attempt, known: SentinelIncident, found: SentinelIncident) {
  const isDone = isAsRequested(found, claim.requested);
  const state = { before: changeableState(known), after: changeableState(found) };
  // After an answer that was lost, an incident as requested is our own doing.
  if (isDone && claim.is_uncertain) return { status: 'applied', ...state, error: null } as const;
  const differences = seenDifferences(known, found);
  if (differences.length > 0) return conflict(differences, found);
  if (isDone) return { status: 'applied', ...state, error: null } as const;
  if (!destination.isConnected) return failed(DISCONNECTED.code, DISCONNECTED.message);
  if (!destination.allowsStatusChanges) return SWITCHED_OFF;
  const reason = givenUp(claim);
  return reason && failed(reason.code, reason.message);
}

async function change(attempt: Attempt): Promise<Outcome | undefined> {
  const { deps, destination, claim, signal } = attempt;
  let found: SentinelIncident | undefined;
  try {
    found = await destination.client.incident(claim.incident_name, signal);
  } catch (fault) {
    const reason = claim.is_uncertain ? undefined : givenUp(claim);
    if (reason) return failed(reason.code, reason.message);
    const delayS = signal.aborted ? 0 : undefined;
    return { wait: { isUncertain: claim.is_uncertain, error: writeError(fault), delayS } };
  }
  if (!found) return GONE;
  const known = parseIncident(claim.basis);
  const foreseen = foregone(attempt, known, found);
  if (foreseen) return foreseen;
  const wait = await takeWrite(deps, attempt);
  if (wait) return { wait };
  if (!deps.heartbeat.isAlive() || !(await deps.changes.begin(deps.owner, claim.id))) return undefined;
  return replace(attempt, known, found);
}

/** The outcome, its entry in the audit log and the sync that will see it, all or none. */
async function end({ deps, claim }: Attempt, outcome: StatusChangeEnd): Promise<void> {
  const { pool, owner, ids, clock, log, wakeSync } = deps;
  const { status, before, after, error } = outcome;
  const isEnded = await transaction(pool, async (db) => {
    if (!(await createStatusChangeQueue(db).end(owner, claim.id, outcome))) return false;
    const entry = {
      id: ids.next('aud'),
      actor: claim.created_by,
      action: status === 'conflict' ? 'status_change.refused' : `status_change.${status}`,
      targetType: 'status_change',
      targetId: claim.id,
      before,
      after: { incident_id: claim.incident_id, number: claim.number, ...after, error },
      ip: undefined,
      requestId: claim.request_id ?? undefined,
    };
    await appendAudit(db, entry, clock.now());
    await createSiemProviders(db).syncNow(claim.provider_id);
    return true;
  });
  if (!isEnded) return;
  statusChangeEnded(log, claim, { status, error });
  await wakeSync(claim.provider_id);
}

/**
 * Makes a status change, at most once: only where the incident is as its caller knew it, by a replacement that Azure
 * refuses if it changed meanwhile; where an answer was lost, the incident itself tells whether it was made.
 */
export const createChangeIncident =
  (deps: ChangeIncidentDeps) =>
  async (changeId: string, signal: AbortSignal): Promise<void> => {
    const { changes, owner, clients, pool, log } = deps;
    const [claim] = await changes.claim(owner, changeId, 1);
    if (!claim) return;
    const workspace = await writeWorkspace(pool, claim.provider_id);
    const destination = { ...workspace, client: clients.of(workspace.connection) };
    const attempt = { deps, destination, claim, signal };
    const outcome = await change(attempt);
    if (outcome === undefined) return changes.free(owner, changeId);
    if (!('wait' in outcome)) return end(attempt, outcome);
    writeWaits(log, claim, outcome.wait.error);
    await changes.wait(owner, claim.id, outcome.wait);
  };
