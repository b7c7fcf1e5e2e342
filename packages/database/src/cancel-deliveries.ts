import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

const BATCH = 2_000;

const cancel = (which: string): string => `UPDATE delivery SET status = 'cancelled', completed_at = now()
  WHERE id = ANY (ARRAY (SELECT id FROM delivery WHERE endpoint_id = $1 AND status = 'pending' AND ${which}
    LIMIT ${BATCH} FOR UPDATE SKIP LOCKED))`;

// What is in flight ends as it may, and is cancelled all the same. Retries and first attempts have their own part of
// the index.
const STEPS = [
  cancel('lease_owner IS NOT NULL'),
  cancel('lease_owner IS NULL AND (attempts_count > 0) = true'),
  cancel('lease_owner IS NULL AND (attempts_count > 0) = false'),
];

/** Cancels what waits for an endpoint whose deletion is committed, a batch at a time; answers how many. */
export async function cancelDeliveries(db: Queryable, endpointId: string): Promise<number> {
  let all = 0;
  for (const text of STEPS) {
    for (let count = BATCH; count === BATCH; all += count)
      count = await run(db, { text, values: [endpointId] });
  }
  return all;
}

const DELETED = `SELECT id FROM webhook_endpoint AS e WHERE deleted_at IS NOT NULL
  AND EXISTS (SELECT FROM delivery WHERE endpoint_id = e.id AND status = 'pending' AND lease_owner IS NULL)`;

/** Whoever deleted an endpoint may not have come to the end of its deliveries. Answers how many were left. */
export async function cancelLeftDeliveries(db: Queryable): Promise<number> {
  let all = 0;
  for (const { id } of await rows(db, z.object({ id: z.string() }), { text: DELETED }))
    all += await cancelDeliveries(db, id);
  return all;
}
