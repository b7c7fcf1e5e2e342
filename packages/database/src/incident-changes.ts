import { z } from 'zod';
import { IncidentRecord } from './incident-record.ts';
import { type Queryable, rows } from './pool.ts';

/** A place in the order in which changes became visible: after this row of this transaction. */
export interface ChangePosition {
  /** A transaction id, in digits. */
  readonly seq: string;
  readonly id: string;
}

export interface ChangesPage {
  /** Ids; undefined is all of them. */
  readonly providerIds?: readonly string[] | undefined;
  /** Null is before all changes. */
  readonly after: ChangePosition | null;
  readonly limit: number;
}

export interface IncidentChanges {
  readonly incidents: readonly IncidentRecord[];
  /** Where the next page begins; changes that come later are behind it. */
  readonly next: ChangePosition;
  readonly hasMore: boolean;
  /** The position that was given is one of another database: this one has not come so far. */
  readonly isForeign: boolean;
}

// A transaction below the horizon has ended for every reader, so nothing can be stored behind a position that was
// given out. Its own statement's snapshot decides: horizon and rows must be of one moment.
const CHANGES = `WITH horizon AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xid),
  page AS (
    SELECT c.id, c.change_seq FROM siem_provider AS w CROSS JOIN horizon CROSS JOIN LATERAL (
      SELECT i.id, i.change_seq FROM incident AS i
      WHERE i.provider_id = w.id AND i.change_seq < horizon.xid
        AND (i.change_seq, i.id) > (CAST($2::text AS xid8), $3)
      ORDER BY i.change_seq, i.id LIMIT $4) AS c
    WHERE $1::text[] IS NULL OR w.id = ANY ($1)
    ORDER BY c.change_seq, c.id LIMIT $4)
  SELECT horizon.xid::text AS horizon, horizon.xid < CAST($2::text AS xid8) AS is_foreign, page.*
  FROM horizon LEFT JOIN (
    SELECT ${IncidentRecord.columns}, i.change_seq::text AS seq
    FROM page JOIN incident AS i USING (id) JOIN siem_provider AS p ON p.id = i.provider_id) AS page ON true
  ORDER BY page.change_seq, page.id`;

const Head = z.object({ horizon: z.string(), is_foreign: z.boolean(), id: z.string().nullable() });
const ChangeRow = IncidentRecord.schema.extend({ seq: z.string() });

const BEGINNING: ChangePosition = { seq: '0', id: '' };

export function changesStatement({ providerIds, after, limit }: ChangesPage) {
  const { seq, id } = after ?? BEGINNING;
  return { text: CHANGES, values: [providerIds ?? null, seq, id, limit + 1] };
}

/** Incidents in the order in which their last changes became visible to all, each change once. */
export async function listChanges(db: Queryable, page: ChangesPage): Promise<IncidentChanges> {
  const { limit } = page;
  const found = await rows(db, z.unknown(), changesStatement(page));
  const head = Head.parse(found[0]);
  const changes = head.id === null ? [] : found.map((row) => ChangeRow.parse(row));
  const shown = changes.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = changes.length > limit;
  // At the end it is the horizon, so that the next reader need not pass again what is not for it.
  const next = hasMore && last ? { seq: last.seq, id: last.id } : { seq: head.horizon, id: '' };
  return { incidents: shown, next, hasMore, isForeign: head.is_foreign };
}

const HORIZON = 'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon';

/** Before everything that is still to become visible. */
export async function changesFromNow(db: Queryable): Promise<ChangePosition> {
  const [row] = await rows(db, z.object({ horizon: z.string() }), { text: HORIZON });
  if (!row) throw new Error('the statement answered no horizon');
  return { seq: row.horizon, id: '' };
}
