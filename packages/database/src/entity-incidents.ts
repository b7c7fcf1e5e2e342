import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';

/** Counts go no further. */
const COUNT_MAX = 10_000;

const COUNT = `SELECT count(*)::int AS count FROM (
    SELECT FROM incident_entity AS s JOIN incident AS i ON i.id = s.incident_id
    WHERE s.entity_id = $1 AND ($2::text[] IS NULL OR i.provider_id = ANY ($2)) LIMIT ${COUNT_MAX}) AS found`;

/** How many incidents of some workspaces name an entity, counted up to 10,000; undefined is all workspaces. */
export async function countEntityIncidents(
  db: Queryable,
  entityId: number,
  providerIds: readonly string[] | undefined,
): Promise<number> {
  const values = [entityId, providerIds ?? null];
  const [row] = await rows(db, z.object({ count: z.int() }), { text: COUNT, values });
  return row?.count ?? 0;
}
