import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';

const Row = z.object({
  provider: z.string(),
  last_synced_at: z
    .date()
    .transform((date) => date.toISOString())
    .nullable(),
  /** By Postgres' clock. */
  lag_s: z.int().nullable(),
  status: z.enum(['ok', 'failing', 'disabled', 'never']),
  /** Seconds until the next sync is due. */
  due_in_s: z.int(),
});
/** How old what is stored of a workspace may be. */
export type ProviderFreshness = z.output<typeof Row>;

const FRESHNESS = `SELECT name AS provider, last_synced_at,
    CASE WHEN last_synced_at < now() THEN extract(epoch FROM now() - last_synced_at)::integer
      WHEN last_synced_at IS NOT NULL THEN 0 END AS lag_s,
    CASE WHEN NOT enabled THEN 'disabled' WHEN consecutive_failures > 0 THEN 'failing'
      WHEN last_synced_at IS NULL THEN 'never' ELSE 'ok' END AS status,
    greatest(0, least(86400, extract(epoch FROM next_sync_at - now())))::integer AS due_in_s
  FROM siem_provider WHERE deleted_at IS NULL AND ($1::text[] IS NULL OR id = ANY ($1))
  ORDER BY is_default DESC, name`;

/** Of connected workspaces, the default one first; undefined ids are all of them. */
export const providerFreshness = (
  db: Queryable,
  ids: readonly string[] | undefined,
): Promise<ProviderFreshness[]> =>
  rows(db, Row, { name: 'provider-freshness', text: FRESHNESS, values: [ids ?? null] });
