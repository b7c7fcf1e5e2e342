import { z } from 'zod';
import { tellWholeGraph } from './graph-outbox.ts';
import { type Pool, type Queryable, rows, run } from './pool.ts';

const ChangeRow = z.object({
  id: z.number(),
  kind: z.enum(['incident', 'entity', 'merged', 'all']),
  ref: z.string(),
  into_id: z.number().nullable(),
});

/**
 * What the graph does not have yet; `ref` is an incident's id, an entity's id, or a key that is no entity's own now.
 * `all` is everything there is.
 */
export type ClaimedGraphChange = z.output<typeof ChangeRow>;

export interface GraphBacklog {
  readonly count: number;
  /** How long the oldest has waited. */
  readonly lagMs: number;
}

/** The outbox of the graph. Rows stay until the graph has what they name. */
export interface GraphChanges {
  /** Oldest first, for this owner until the lease ends; then, or when released, anyone's again. */
  claim(owner: string, limit: number): Promise<ClaimedGraphChange[]>;
  /** The same for what asks for everything, which `claim` leaves. */
  claimWhole(owner: string): Promise<ClaimedGraphChange[]>;
  release(owner: string, ids: readonly number[]): Promise<void>;
  /** Keeps them from everybody for a while: they could not be written. */
  putOff(ids: readonly number[], seconds: number): Promise<void>;
  /** The lease of what takes long begins anew. */
  renew(owner: string, ids: readonly number[]): Promise<void>;
  acknowledge(ids: readonly number[]): Promise<void>;
  /** The graph lacks everything. */
  tellAll(): Promise<void>;
  /** Puts one row for everything in the place of many; answers how many went. For where nobody reads them. */
  fold(): Promise<number>;
  backlog(): Promise<GraphBacklog>;
  /**
   * A number higher than any drawn before: whoever draws it after a claim, and reads the rows after it, has read what
   * the claimed changes committed.
   */
  nextRevision(): Promise<number>;
}

const LEASE_S = 120;
const COUNT_MAX = 100_000;

const claim = (which: string): string => `WITH picked AS (
    SELECT id FROM graph_change WHERE ${which} AND (lease_until IS NULL OR lease_until < now())
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
  UPDATE graph_change AS g SET lease_owner = $1, lease_until = now() + interval '${LEASE_S} seconds'
  FROM picked WHERE g.id = picked.id RETURNING g.id, g.kind, g.ref, g.into_id`;

const CLAIM = claim(`kind <> 'all'`);
const CLAIM_WHOLE = claim(`kind = 'all'`);
const WHOLES = 1_000;

const RELEASE =
  'UPDATE graph_change SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = $1 AND id = ANY ($2::bigint[])';

const PUT_OFF = `UPDATE graph_change SET lease_owner = NULL, lease_until = now() + make_interval(secs => $2)
  WHERE id = ANY ($1::bigint[])`;

const RENEW = `UPDATE graph_change SET lease_until = now() + interval '${LEASE_S} seconds'
  WHERE lease_owner = $1 AND id = ANY ($2::bigint[])`;

const FOLD = `WITH gone AS (
    DELETE FROM graph_change WHERE id IN (
      SELECT id FROM graph_change WHERE kind <> 'all' AND (lease_until IS NULL OR lease_until < now())
      ORDER BY id LIMIT ${COUNT_MAX} FOR UPDATE SKIP LOCKED)
    RETURNING id),
  told AS (INSERT INTO graph_change (kind, ref)
    SELECT 'all', '' WHERE EXISTS (SELECT FROM gone)
      AND NOT EXISTS (SELECT FROM graph_change WHERE kind = 'all' AND lease_until IS NULL))
  SELECT count(*)::int AS count FROM gone`;

const ACKNOWLEDGE = 'DELETE FROM graph_change WHERE id = ANY ($1::bigint[])';

const BACKLOG = `SELECT (SELECT count(*) FROM (SELECT FROM graph_change LIMIT ${COUNT_MAX}) AS found)::int AS count,
  COALESCE((SELECT extract(epoch FROM now() - created_at) * 1000 FROM graph_change ORDER BY id LIMIT 1), 0)::float8 AS lag_ms`;

const BacklogRow = z
  .object({ count: z.int(), lag_ms: z.number() })
  .transform((row): GraphBacklog => ({ count: row.count, lagMs: Math.max(0, row.lag_ms) }));

// Numbers of transactions only grow, across all databases of a server, and a copy of a database keeps to them.
const REVISION = 'SELECT pg_current_xact_id()::text::bigint AS revision';

async function nextRevision(db: Queryable): Promise<number> {
  const [row] = await rows(db, z.object({ revision: z.number() }), { text: REVISION });
  if (!row) throw new Error('a transaction has a number');
  return row.revision;
}

export const createGraphChanges = (pool: Pool): GraphChanges => ({
  claim: async (owner, limit) => {
    const claimed = await rows(pool, ChangeRow, {
      name: 'claim-graph-changes',
      text: CLAIM,
      values: [owner, limit],
    });
    return claimed.sort((a, b) => a.id - b.id);
  },
  claimWhole: (owner) =>
    rows(pool, ChangeRow, { name: 'claim-graph', text: CLAIM_WHOLE, values: [owner, WHOLES] }),
  release: async (owner, ids) => {
    await run(pool, { text: RELEASE, values: [owner, ids] });
  },
  putOff: async (ids, seconds) => {
    await run(pool, { text: PUT_OFF, values: [ids, seconds] });
  },
  renew: async (owner, ids) => {
    await run(pool, { text: RENEW, values: [owner, ids] });
  },
  tellAll: () => tellWholeGraph(pool),
  fold: async () => {
    const [row] = await rows(pool, z.object({ count: z.int() }), { text: FOLD });
    return row?.count ?? 0;
  },
  acknowledge: async (ids) => {
    if (ids.length > 0) await run(pool, { name: 'acknowledge-graph', text: ACKNOWLEDGE, values: [ids] });
  },
  backlog: async () => {
    const [row] = await rows(pool, BacklogRow, { name: 'graph-backlog', text: BACKLOG });
    return row ?? { count: 0, lagMs: 0 };
  },
  nextRevision: () => nextRevision(pool),
});
