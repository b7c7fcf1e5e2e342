import type { PageQuery } from '@socmate/contracts';
import type { CursorCodec } from '@socmate/crypto';
import type { Position } from '@socmate/database';
import { invalidField } from '@socmate/runtime';
import { z } from 'zod';

const Content = z.tuple([
  z.string(),
  z.string(),
  z.string().nullable(),
  z.string().nullable(),
  z.int().optional(),
]);

/** The times that a list looks at, fixed when its first page is made: a later page must not look at others. */
export interface Window {
  readonly from?: Date | undefined;
  readonly to?: Date | null | undefined;
  /** What the first page counted, where later pages show that. */
  readonly counted?: number | undefined;
}

interface Continued {
  readonly after?: Position;
  /** The first page's window, where this is a later one. */
  readonly window?: Window;
}

type Query = Readonly<Record<string, unknown>> & PageQuery;

const PAGING = new Set(['limit', 'offset', 'cursor', 'max_age']);
const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);

/** A list's filters in one spelling, without what a client may change from page to page. */
export function filterText(path: string, query: Query): string {
  const filters = Object.entries(query)
    .filter(([name, value]) => value !== undefined && !PAGING.has(name))
    .map(([name, value]) => [name, Array.isArray(value) ? value.map(String).sort(inOrder) : value] as const)
    .sort(([a], [b]) => inOrder(a, b));
  return JSON.stringify([path, filters]);
}

export interface ListCursors {
  /** Reads a query's cursor; throws a 422 where it is not one of this list with these filters. */
  open(query: Query): Continued;
  next(query: Query, position: Position | null, window?: Window): string | null;
}

const time = (text: string | null): Date | undefined => (text === null ? undefined : new Date(text));

/** The cursors of one list. */
export const createListCursors = (codec: CursorCodec, path: string): ListCursors => ({
  open: (query) => {
    if (query.cursor === undefined) return {};
    if (query.offset > 0)
      throw invalidField(['query', 'offset'], 'is not taken together with a cursor', 'conflicting');
    const [at, id, from, to, counted] = Content.parse(codec.decode(query.cursor, filterText(path, query)));
    return { after: { time: at, id }, window: { from: time(from), to: time(to) ?? null, counted } };
  },
  next: (query, position, window = {}) => {
    if (!position) return null;
    const { from, to, counted } = window;
    const times = [from?.toISOString() ?? null, to?.toISOString() ?? null];
    const content = [position.time, position.id, ...times, ...(counted === undefined ? [] : [counted])];
    return codec.encode(content, filterText(path, query));
  },
});
