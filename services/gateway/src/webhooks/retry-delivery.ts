import {
  appendAudit,
  createDeliveryReplays,
  type EndpointView,
  type Pool,
  type ReplayTarget,
  transaction,
} from '@socmate/database';
import { AppError, type Clock, type Ids, notFound } from '@socmate/runtime';
import { type Acting, auditEntry } from '../audit-entry.ts';

export interface RetryDeliveryDeps {
  readonly pool: Pool;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Wakes the notifier; never rejects. */
  readonly wake: (endpointId: string) => Promise<void>;
}

export type RetryDelivery = (id: string, acting: Acting & { readonly view: EndpointView }) => Promise<void>;

function assertRetryable(id: string, { isInFlight, isDeleted, isEnabled, status }: ReplayTarget): void {
  const refused = (message: string): AppError => new AppError('conflict', message);
  if (isDeleted) throw refused(`the endpoint of delivery ${id} was deleted`);
  if (isInFlight) throw refused(`delivery ${id} is being attempted: look at its outcome first`);
  if (status === 'cancelled') throw refused(`delivery ${id} was cancelled`);
  if (!isEnabled) throw refused(`the endpoint of delivery ${id} is disabled: enable it, then retry`);
}

/** Makes a delivery due now, whatever the automatic retry had planned, and tells the audit log, both or neither. */
export const createRetryDelivery =
  ({ pool, ids, clock, wake }: RetryDeliveryDeps): RetryDelivery =>
  async (id, { view, ...acting }) => {
    const endpointId = await transaction(pool, async (db) => {
      const replays = createDeliveryReplays(db);
      const target = await replays.lock(id, view);
      if (!target) throw notFound('delivery', id);
      assertRetryable(id, target);
      await replays.replay([id], null);
      const entry = auditEntry(ids, acting, {
        action: 'webhook_delivery.retried',
        target: id,
        before: { status: target.status },
        after: { status: 'pending', event_id: target.eventId, endpoint_id: target.endpointId },
      });
      await appendAudit(db, entry, clock.now());
      return target.endpointId;
    });
    await wake(endpointId);
  };
