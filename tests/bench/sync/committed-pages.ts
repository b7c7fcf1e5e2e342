import type pg from 'pg';

export interface CommittedPage {
  /** Milliseconds since 1970, by Postgres' own clock. */
  readonly at: number;
  readonly incidents: number;
  readonly newest: number;
  readonly oldest: number;
  readonly eventIds: readonly string[];
}

// Nothing updates an event, so that the transaction which made it is the one that stored its incident.
const PAGES = `SELECT extract(epoch FROM pg_xact_commit_timestamp(e.xmin)) * 1000 AS at, count(*) AS incidents,
    extract(epoch FROM max(i.last_modified_at)) * 1000 AS newest,
    extract(epoch FROM min(i.last_modified_at)) * 1000 AS oldest, array_agg(e.id) AS ids
  FROM event AS e JOIN incident AS i ON e.cause_key = 'incident:' || i.provider_id || ':' || i.sentinel_name || ':new'
  GROUP BY e.xmin ORDER BY at`;

interface Row {
  readonly at: string;
  readonly incidents: string;
  readonly newest: string;
  readonly oldest: string;
  readonly ids: readonly string[];
}

/** The transactions that stored incidents with their events, in the order of their commits. */
export async function committedPages(database: pg.Pool): Promise<CommittedPage[]> {
  const { rows } = await database.query<Row>(PAGES);
  return rows.map(({ at, incidents, newest, oldest, ids }) => ({
    at: Number(at),
    incidents: Number(incidents),
    newest: Number(newest),
    oldest: Number(oldest),
    eventIds: ids,
  }));
}

/** How many pages hold something newer than the page before them. */
export const outOfOrder = (pages: readonly CommittedPage[]): number =>
  pages.filter((page, position) => page.newest > (pages[position - 1]?.oldest ?? Infinity)).length;
