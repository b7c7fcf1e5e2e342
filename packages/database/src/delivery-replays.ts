import { DeliveryStatus } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';
import type { EndpointView } from './webhook-endpoints.ts';

const TargetRow = z
  .object({
    endpoint_id: z.string(),
    event_id: z.string(),
    status: DeliveryStatus,
    is_in_flight: z.boolean(),
    is_enabled: z.boolean(),
    is_deleted: z.boolean(),
  })
  .transform((row) => ({
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    status: row.status,
    isInFlight: row.is_in_flight,
    isEnabled: row.is_enabled,
    isDeleted: row.is_deleted,
  }));

/** What decides whether a delivery may be replayed. */
export type ReplayTarget = z.output<typeof TargetRow>;

export interface DeliveryReplays {
  /** Holds the delivery until the end of the caller's transaction: no notifier takes it meanwhile. */
  lock(deliveryId: string, view: EndpointView): Promise<ReplayTarget | undefined>;
  /** Makes deliveries due now, under the same `webhook-id`; answers how many. What is in flight or cancelled stays. */
  replay(deliveryIds: readonly string[], recoveryId: string | null): Promise<number>;
}

const LOCK = `SELECT d.endpoint_id, d.event_id, d.status, d.lease_owner IS NOT NULL AS is_in_flight,
    e.enabled AS is_enabled, e.deleted_at IS NOT NULL AS is_deleted
  FROM delivery AS d JOIN webhook_endpoint AS e ON e.id = d.endpoint_id
  WHERE d.id = $1 AND ($2::text[] IS NULL OR e.providers <@ $2) FOR UPDATE OF d`;

// One that was still being tried goes on in its schedule; one that had ended begins it anew.
const REPLAY = `UPDATE delivery SET status = 'pending', due_at = now(), completed_at = NULL,
    recovery_id = COALESCE($2, recovery_id),
    schedule_start = CASE WHEN status = 'pending' THEN schedule_start ELSE attempts_count END
  WHERE id = ANY ($1) AND lease_owner IS NULL AND status IN ('pending', 'succeeded', 'dead')`;

export const createDeliveryReplays = (db: Queryable): DeliveryReplays => ({
  lock: async (deliveryId, view) => {
    const [row] = await rows(db, TargetRow, { text: LOCK, values: [deliveryId, view ?? null] });
    return row;
  },
  replay: (deliveryIds, recoveryId) =>
    run(db, { name: 'replay-deliveries', text: REPLAY, values: [deliveryIds, recoveryId] }),
});
