import { HeldBackEvent } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';
import { type Position, positionColumn } from './position.ts';
import type { EndpointPage } from './webhook-endpoints.ts';

export interface HeldBackListing {
  readonly items: readonly HeldBackEvent[];
  readonly next: Position | null;
}

/** What endpoints matched and were spared. */
export interface HeldBack {
  /** Newest first. */
  list(endpointId: string, page: EndpointPage): Promise<HeldBackListing>;
  /** Counts on from `max` no further than by one. */
  count(endpointId: string, max: number): Promise<number>;
}

const LIST = `SELECT h.event_id, e.type AS event_type, h.reason, h.rule, h.summary_event_id, h.created_at,
    ${positionColumn('h.created_at')}
  FROM held_back AS h JOIN event AS e ON e.id = h.event_id
  WHERE h.endpoint_id = $1 AND ($2::timestamptz IS NULL OR (h.created_at, h.event_id) < ($2, $3))
  ORDER BY h.created_at DESC, h.event_id DESC LIMIT $4 OFFSET $5`;

const COUNT = `SELECT count(*) AS total FROM (
    SELECT FROM held_back WHERE endpoint_id = $1 LIMIT $2) AS counted`;

const Row = HeldBackEvent.extend({
  created_at: z.date().transform((date) => date.toISOString()),
  position: z.string(),
});

async function list(
  db: Queryable,
  endpointId: string,
  { limit, offset, after }: EndpointPage,
): Promise<HeldBackListing> {
  const values = [endpointId, after?.time ?? null, after?.id ?? null, limit + 1, offset];
  const found = await rows(db, Row, { text: LIST, values });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ position: _position, ...item }) => item),
    next: last && found.length > limit ? { time: last.position, id: last.event_id } : null,
  };
}

export const createHeldBack = (db: Queryable): HeldBack => ({
  list: (endpointId, page) => list(db, endpointId, page),
  count: async (endpointId, max) => {
    const [row] = await rows(db, z.object({ total: z.int() }), {
      text: COUNT,
      values: [endpointId, max + 1],
    });
    return row?.total ?? 0;
  },
});
