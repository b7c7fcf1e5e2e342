import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

/** A worker that has not been heard of for this long, by Postgres's clock, is dead, and what it held is free. */
export const WORKER_DEAD_AFTER_MS = 1_500;

/** Whose leases on deliveries end when they are declared dead. */
export const DELIVERY_SERVICE = 'notifier';

const HEARTBEAT = `INSERT INTO worker_lease (owner, service) VALUES ($1, $2)
  ON CONFLICT (owner) DO UPDATE SET heartbeat_at = now()`;

/** The SQL condition that the owner named by a column is dead or gone. */
export const ownerIsDead = (owner: string): string => `NOT EXISTS (SELECT FROM worker_lease AS alive
  WHERE alive.owner = ${owner} AND alive.heartbeat_at > now() - interval '${WORKER_DEAD_AFTER_MS} milliseconds')`;

export interface WorkerLeases {
  heartbeat(): Promise<void>;
  /** What this owner held is free at once. */
  leave(): Promise<void>;
  /** Forgets owners that have been dead for an hour. */
  sweep(): Promise<number>;
}

export function createWorkerLeases(db: Queryable, owner: string, service: string): WorkerLeases {
  return {
    heartbeat: async () => {
      await run(db, { name: 'worker-heartbeat', text: HEARTBEAT, values: [owner, service] });
    },
    leave: async () => {
      await run(db, { text: 'DELETE FROM worker_lease WHERE owner = $1', values: [owner] });
    },
    sweep: () => run(db, { text: `DELETE FROM worker_lease WHERE heartbeat_at < now() - interval '1 hour'` }),
  };
}

/** Postgres's own time: what due times and leases are judged by. */
export async function databaseNow(db: Queryable): Promise<Date> {
  const [row] = await rows(db, z.object({ now: z.date() }), { text: 'SELECT now() AS now' });
  if (!row) throw new Error('SELECT now() answered no row');
  return row.now;
}
