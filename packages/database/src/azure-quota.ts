import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

/** Reads of alerts and entities; writes of incidents and comments. */
export type AzureQuotaKind = 'read' | 'write';

/** Azure's limits per subscription in any five minutes. */
const LIMITS: Record<AzureQuotaKind, number> = { read: 100, write: 75 };
/** Longer than Azure's own by what may lie between taking a call and Azure counting it: sign-in and call end in 30 s. */
const WINDOW = `interval '330 seconds'`;

/** What all replicas may ask of a subscription; it survives the loss of Redis. */
export interface AzureQuota {
  /** How many calls are left now; 0 while Azure asked to wait. */
  available(subscriptionId: string): Promise<number>;
  /** Takes all of these calls or none. */
  take(subscriptionId: string, calls: number): Promise<boolean>;
  /** Nobody calls until Azure's own wait is over. */
  block(subscriptionId: string, retryAfterS: number): Promise<void>;
}

const RECENT = `SELECT at FROM unnest(q.taken) AS at WHERE at > clock_timestamp() - ${WINDOW}`;
const IS_OPEN = `(q.blocked_until IS NULL OR q.blocked_until <= clock_timestamp())`;

const AVAILABLE = `SELECT CASE WHEN ${IS_OPEN} THEN $3::integer - (SELECT count(*) FROM (${RECENT}) AS recent) ELSE 0 END AS left
  FROM azure_quota AS q WHERE subscription_id = $1 AND kind = $2`;

const ENSURE = 'INSERT INTO azure_quota (subscription_id, kind) VALUES ($1, $2) ON CONFLICT DO NOTHING';

const TAKE = `UPDATE azure_quota AS q
  SET taken = ARRAY(${RECENT}) || array_fill(clock_timestamp(), ARRAY[$4::integer])
  WHERE subscription_id = $1 AND kind = $2 AND ${IS_OPEN}
    AND (SELECT count(*) FROM (${RECENT}) AS recent) + $4::integer <= $3::integer`;

const BLOCK = `INSERT INTO azure_quota AS q (subscription_id, kind, blocked_until)
  VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
  ON CONFLICT (subscription_id, kind) DO UPDATE SET blocked_until = greatest(q.blocked_until, excluded.blocked_until)`;

export function createAzureQuota(db: Queryable, kind: AzureQuotaKind): AzureQuota {
  const limit = LIMITS[kind];
  return {
    available: async (subscriptionId) => {
      const Row = z.object({ left: z.int() });
      const values = [subscriptionId, kind, limit];
      const [row] = await rows(db, Row, { name: 'quota-left', text: AVAILABLE, values });
      return row?.left ?? limit;
    },
    take: async (subscriptionId, calls) => {
      await run(db, { name: 'quota-ensure', text: ENSURE, values: [subscriptionId, kind] });
      const values = [subscriptionId, kind, limit, calls];
      return (await run(db, { name: 'quota-take', text: TAKE, values })) > 0;
    },
    block: async (subscriptionId, retryAfterS) => {
      await run(db, { text: BLOCK, values: [subscriptionId, kind, retryAfterS] });
    },
  };
}
