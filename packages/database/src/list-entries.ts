import { ListEntry, type ListName, TOTAL_MAX } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';
import { type Position, positionColumn } from './position.ts';

const time = z.date().transform((date) => date.toISOString());

const EntryRow = ListEntry.extend({ ends_at: time.nullable(), created_at: time });
const ListRow = EntryRow.extend({ position: z.string() });

export type ListEntryRecord = z.output<typeof EntryRow>;
export type NewListEntry = Omit<ListEntryRecord, 'created_at'>;

export interface ListFilter {
  readonly list: ListName;
  /** Keys without a workspace, of which an entry has one; undefined is any. */
  readonly keys?: readonly string[] | undefined;
}

interface ListPage {
  readonly limit: number;
  readonly offset: number;
  readonly after?: Position | undefined;
}

interface ListListing {
  readonly entries: readonly ListEntryRecord[];
  readonly next: Position | null;
}

/** The tenant's own lists of entities. */
export interface ListEntries {
  /** Undefined where the list has the key; an entry that has ended gives way. */
  add(entry: NewListEntry): Promise<ListEntryRecord | undefined>;
  /** Newest first, those that have ended among them. */
  list(filter: ListFilter, page: ListPage): Promise<ListListing>;
  /** Counts on from `TOTAL_MAX` no further than by one. */
  count(filter: ListFilter): Promise<number>;
  byId(list: ListName, id: string): Promise<ListEntryRecord | undefined>;
  /** The entry as it was. */
  remove(list: ListName, id: string): Promise<ListEntryRecord | undefined>;
  /** Of all lists, what has not ended. */
  current(): Promise<ListEntryRecord[]>;
}

const COLUMNS = Object.keys(EntryRow.shape).join(', ');

const ADD = `INSERT INTO list_entry AS l (id, list, type, value, key, note, owner, ends_at, created_by)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT (list, key) DO UPDATE SET id = excluded.id, type = excluded.type, value = excluded.value,
    note = excluded.note, owner = excluded.owner, ends_at = excluded.ends_at, created_by = excluded.created_by,
    created_at = now()
  WHERE l.ends_at <= now() RETURNING ${COLUMNS}`;

const MATCHES = 'list = $1 AND ($2::text[] IS NULL OR key = ANY ($2))';

const LIST = `SELECT ${COLUMNS}, ${positionColumn('created_at')} FROM list_entry
  WHERE ${MATCHES} AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4))
  ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6`;

const COUNT = `SELECT count(*) AS total FROM (SELECT FROM list_entry WHERE ${MATCHES} LIMIT ${TOTAL_MAX + 1}) AS c`;

const BY_ID = `SELECT ${COLUMNS} FROM list_entry WHERE list = $1 AND id = $2`;
const REMOVE = `DELETE FROM list_entry WHERE list = $1 AND id = $2 RETURNING ${COLUMNS}`;
const CURRENT = `SELECT ${COLUMNS} FROM list_entry WHERE ends_at IS NULL OR ends_at > now() ORDER BY list, key`;

const filterValues = ({ list, keys }: ListFilter): unknown[] => [list, keys ?? null];

async function listPage(db: Queryable, filter: ListFilter, page: ListPage): Promise<ListListing> {
  const { limit, offset, after } = page;
  const values = [...filterValues(filter), after?.time ?? null, after?.id ?? null, limit + 1, offset];
  const found = await rows(db, ListRow, { text: LIST, values });
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return { entries, next: last && found.length > limit ? { time: last.position, id: last.id } : null };
}

export const createListEntries = (db: Queryable): ListEntries => {
  const one = async (text: string, values: unknown[]): Promise<ListEntryRecord | undefined> =>
    (await rows(db, EntryRow, { text, values }))[0];
  return {
    add: ({ id, list, type, value, key, note, owner, ends_at, created_by }) =>
      one(ADD, [id, list, type, value, key, note, owner, ends_at, created_by]),
    list: (filter, page) => listPage(db, filter, page),
    count: async (filter) => {
      const Row = z.object({ total: z.int() });
      const [row] = await rows(db, Row, { text: COUNT, values: filterValues(filter) });
      return row?.total ?? 0;
    },
    byId: (list, id) => one(BY_ID, [list, id]),
    remove: (list, id) => one(REMOVE, [list, id]),
    current: () => rows(db, EntryRow, { name: 'current-lists', text: CURRENT }),
  };
};
