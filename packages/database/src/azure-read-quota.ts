import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

/** Azure's limit of alert and entity reads per subscription in any five minutes. */
const READS = 100;
/** Longer than Azure's own by what may lie between taking a read and Azure counting it. */
const WINDOW = `interval '310 seconds'`;

/** What all replicas may read of a subscription; it survives the loss of Redis. */
export interface AzureReadQuota {
  /** How many reads are left now; 0 while Azure asked to wait. */
  available(subscriptionId: string): Promise<number>;
  /** Takes all of these reads or none. */
  take(subscriptionId: string, reads: number): Promise<boolean>;
  /** Nobody reads until Azure's own wait is over. */
  block(subscriptionId: string, retryAfterS: number): Promise<void>;
}

const RECENT = `SELECT at FROM unnest(q.reads) AS at WHERE at > clock_timestamp() - ${WINDOW}`;
const IS_OPEN = `(q.blocked_until IS NULL OR q.blocked_until <= clock_timestamp())`;

const AVAILABLE = `SELECT CASE WHEN ${IS_OPEN} THEN ${READS} - (SELECT count(*) FROM (${RECENT}) AS recent) ELSE 0 END AS left
  FROM azure_read_quota AS q WHERE subscription_id = $1`;

const ENSURE = 'INSERT INTO azure_read_quota (subscription_id) VALUES ($1) ON CONFLICT DO NOTHING';

const TAKE = `UPDATE azure_read_quota AS q
  SET reads = ARRAY(${RECENT}) || array_fill(clock_timestamp(), ARRAY[$2::integer])
  WHERE subscription_id = $1 AND ${IS_OPEN} AND (SELECT count(*) FROM (${RECENT}) AS recent) + $2::integer <= ${READS}`;

const BLOCK = `INSERT INTO azure_read_quota AS q (subscription_id, blocked_until)
  VALUES ($1, clock_timestamp() + make_interval(secs => $2))
  ON CONFLICT (subscription_id) DO UPDATE SET blocked_until = greatest(q.blocked_until, excluded.blocked_until)`;

export function createAzureReadQuota(db: Queryable): AzureReadQuota {
  return {
    available: async (subscriptionId) => {
      const Row = z.object({ left: z.int() });
      const [row] = await rows(db, Row, { name: 'quota-left', text: AVAILABLE, values: [subscriptionId] });
      return row?.left ?? READS;
    },
    take: async (subscriptionId, reads) => {
      await run(db, { name: 'quota-ensure', text: ENSURE, values: [subscriptionId] });
      return (await run(db, { name: 'quota-take', text: TAKE, values: [subscriptionId, reads] })) > 0;
    },
    block: async (subscriptionId, retryAfterS) => {
      await run(db, { text: BLOCK, values: [subscriptionId, retryAfterS] });
    },
  };
}
