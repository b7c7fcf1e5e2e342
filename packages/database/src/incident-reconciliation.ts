import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

/** A stretch of a list of incidents by their time of creation. */
export interface ListedStretch {
  readonly providerId: string;
  /** RFC 3339, exclusive. */
  readonly after: string;
  /** RFC 3339, inclusive. */
  readonly until: string;
  /** Postgres's time before the stretch was asked for: what was stored later need not be in it. */
  readonly askedAt: Date;
  /** Names that Sentinel listed. */
  readonly listed: readonly string[];
}

export interface IncidentReconciliation {
  /** Names of stored incidents that Sentinel did not list where they belong. */
  missing(stretch: ListedStretch, limit: number): Promise<string[]>;
  /** The rows stay, and have changed for those who read changes; no event. */
  markDeleted(providerId: string, sentinelNames: readonly string[]): Promise<number>;
}

const MISSING = `SELECT sentinel_name FROM incident
  WHERE provider_id = $1 AND created_at > $2::timestamptz AND created_at <= $3::timestamptz
    AND deleted_in_sentinel_at IS NULL AND first_synced_at < $4 AND NOT sentinel_name = ANY ($5::text[])
  ORDER BY created_at DESC, id LIMIT $6`;

const MARK_DELETED = `UPDATE incident SET deleted_in_sentinel_at = now(), details_due_at = NULL, synced_at = now(),
    change_seq = pg_current_xact_id()
  WHERE provider_id = $1 AND sentinel_name = ANY ($2) AND deleted_in_sentinel_at IS NULL`;

export function createIncidentReconciliation(db: Queryable): IncidentReconciliation {
  return {
    missing: async ({ providerId, after, until, askedAt, listed }, limit) => {
      const values = [providerId, after, until, askedAt, listed, limit];
      const found = await rows(db, z.object({ sentinel_name: z.string() }), { text: MISSING, values });
      return found.map((row) => row.sentinel_name);
    },
    markDeleted: (providerId, sentinelNames) =>
      sentinelNames.length === 0
        ? Promise.resolve(0)
        : run(db, { text: MARK_DELETED, values: [providerId, sentinelNames] }),
  };
}
