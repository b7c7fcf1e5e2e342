import type { RecoveryCreate } from '@socmate/contracts';
import {
  appendAudit,
  createRecoveries,
  createWebhookEndpoints,
  type Pool,
  type RecoveryRecord,
  transaction,
} from '@socmate/database';
import { AppError, type Clock, type Ids, invalidField, type Logger, notFound } from '@socmate/runtime';
import { auditEntry } from '../audit-entry.ts';
import type { EndpointActing } from './endpoint-changes.ts';

export interface StartRecoveryDeps {
  readonly pool: Pool;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Logger;
  /** Wakes the notifier; never rejects. */
  readonly wake: (recoveryId: string) => Promise<void>;
}

export type StartRecovery = (
  endpointId: string,
  input: RecoveryCreate,
  acting: EndpointActing,
) => Promise<RecoveryRecord>;

function rangeOf(input: RecoveryCreate, now: Date) {
  if ('missed' in input) return { mode: 'missed', since: undefined } as const;
  if ('status' in input) return { mode: 'dead', since: undefined } as const;
  const since = new Date(input.since);
  if (since > now) throw invalidField(['body', 'since'], 'lies in the future', 'time');
  return { mode: 'since', since } as const;
}

/** Stores a recovery and tells the audit log, both or neither; then wakes who carries it out. */
export const createStartRecovery =
  ({ pool, ids, clock, log, wake }: StartRecoveryDeps): StartRecovery =>
  async (endpointId, input, acting) => {
    const range = rangeOf(input, clock.now());
    const id = ids.next('rec');
    const created = await transaction(pool, async (db) => {
      const endpoint = await createWebhookEndpoints(db).lock(endpointId, acting.view);
      if (!endpoint) throw notFound('endpoint', endpointId);
      if (!endpoint.enabled)
        throw new AppError('conflict', 'the endpoint is disabled: enable it, then recover');
      const recoveries = createRecoveries(db);
      const running = await recoveries.running(endpointId);
      if (running !== undefined)
        throw new AppError('conflict', `recovery ${running} of this endpoint still runs: wait for its end`);
      const createdBy = acting.principal.id;
      const recovery = await recoveries.create({ id, endpointId, ...range, createdBy });
      const after = { endpoint_id: endpointId, mode: range.mode, since: range.since?.toISOString() ?? null };
      const change = { action: 'webhook_recovery.started', target: id, after };
      await appendAudit(db, auditEntry(ids, acting, change), clock.now());
      return recovery;
    });
    // It is stored and begins by itself: a fault here must not make the caller start another.
    const begun = await createRecoveries(pool)
      .begin(id)
      .catch((err: unknown) => log.warn({ err, recoveryId: id }, 'recovery not counted yet'));
    await wake(id);
    return begun ?? created;
  };
