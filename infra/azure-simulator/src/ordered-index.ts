export type Key = string | number;

/** A place in the order: that of the item with this key and number, or where it would be. */
export interface Place {
  readonly key: Key;
  readonly number: number;
}

interface Walk<S> {
  /** The first place that belongs to it. */
  readonly from: Place | undefined;
  /** The first place that does not belong to it any more. */
  readonly to: Place | undefined;
  readonly isDescending: boolean;
  /** Whether any item of a stretch may be wanted; a stretch that has none is passed over. */
  readonly isWanted: (summary: S) => boolean;
}

/** Items in ascending order of `(key, number)`; numbers are unique. */
export interface OrderedIndex<T, S> {
  add(items: readonly T[]): void;
  remove(item: T): void;
  count(from: Place | undefined, to: Place | undefined): number;
  walk(walk: Walk<S>): Iterable<T>;
}

export interface Ordering<T, S> {
  readonly keyOf: (item: T) => Key;
  readonly summarise: (items: readonly T[]) => S;
}

/** A stretch of the order, short enough that a change within it is cheap. */
interface Chunk<T, S> {
  items: T[];
  summary?: S | undefined;
}

const CHUNK = 512;
/** Merging costs as much as there are items; inserting, as many as there come. */
const MERGE_SHARE = 1 / 8;

const isBefore = (one: Place, other: Place): boolean =>
  one.key < other.key || (one.key === other.key && one.number < other.number);

/** The first position for which the test holds, of tests that fail up to some position and hold from there. */
function firstWhere(length: number, holds: (position: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function chunked<T, S>(items: readonly T[]): Chunk<T, S>[] {
  const chunks: Chunk<T, S>[] = [];
  for (let at = 0; at < items.length; at += CHUNK) chunks.push({ items: items.slice(at, at + CHUNK) });
  return chunks;
}

/** Both are in order already. */
function mergeOrdered<T>(one: readonly T[], other: readonly T[], isFirst: (a: T, b: T) => boolean): T[] {
  const merged: T[] = [];
  let position = 0;
  for (const item of other) {
    for (let next = one[position]; next !== undefined && isFirst(next, item); next = one[++position]) {
      merged.push(next);
    }
    merged.push(item);
  }
  for (; position < one.length; position++) merged.push(one[position] as T);
  return merged;
}

interface Spot {
  readonly chunk: number;
  readonly offset: number;
}

interface Numbered {
  readonly number: number;
}

interface State<T, S> extends Ordering<T, S> {
  chunks: Chunk<T, S>[];
  size: number;
}

function precedes<T extends Numbered, S>({ keyOf }: State<T, S>, one: T, other: T): boolean {
  const own = keyOf(one);
  const key = keyOf(other);
  return own < key || (own === key && one.number < other.number);
}

const placeOf = <T extends Numbered, S>({ keyOf }: State<T, S>, item: T): Place => ({
  key: keyOf(item),
  number: item.number,
});

/** The first item that is not before the place. */
function find<T extends Numbered, S>(state: State<T, S>, place: Place): Spot {
  const isReached = (item: T | undefined): boolean =>
    item === undefined || !isBefore(placeOf(state, item), place);
  const { chunks } = state;
  const chunk = firstWhere(chunks.length, (position) => isReached(chunks[position]?.items.at(-1)));
  const items = chunks[chunk]?.items ?? [];
  return { chunk, offset: firstWhere(items.length, (position) => isReached(items[position])) };
}

function spotsOf<T extends Numbered, S>(
  state: State<T, S>,
  { from, to }: Pick<Walk<S>, 'from' | 'to'>,
): { start: Spot; end: Spot } {
  const start = from ? find(state, from) : { chunk: 0, offset: 0 };
  return { start, end: to ? find(state, to) : { chunk: state.chunks.length, offset: 0 } };
}

function insert<T extends Numbered, S>(state: State<T, S>, item: T): void {
  const { chunks } = state;
  const { chunk, offset } = find(state, placeOf(state, item));
  const own = chunks[Math.min(chunk, chunks.length - 1)];
  if (!own) {
    chunks.push({ items: [item] });
    return;
  }
  own.items.splice(chunk < chunks.length ? offset : own.items.length, 0, item);
  own.summary = undefined;
  if (own.items.length > 2 * CHUNK) chunks.splice(chunks.indexOf(own), 1, ...chunked<T, S>(own.items));
}

function merge<T extends Numbered, S>(state: State<T, S>, added: readonly T[]): void {
  const known = state.chunks.flatMap(({ items }) => items);
  const isInOrder = added.every((item, at) => at === 0 || precedes(state, added[at - 1] ?? item, item));
  const ordered = isInOrder ? added : added.toSorted((a, b) => (precedes(state, a, b) ? -1 : 1));
  state.chunks = chunked(mergeOrdered(known, ordered, (a, b) => precedes(state, a, b)));
  for (const chunk of state.chunks) chunk.summary = state.summarise(chunk.items);
}

function remove<T extends Numbered, S>(state: State<T, S>, item: T): void {
  const { chunk, offset } = find(state, placeOf(state, item));
  const own = state.chunks[chunk];
  if (own?.items[offset]?.number !== item.number) return;
  state.size -= 1;
  own.items.splice(offset, 1);
  own.summary = undefined;
  if (own.items.length === 0) state.chunks.splice(chunk, 1);
}

function* walk<T extends Numbered, S>(state: State<T, S>, asked: Walk<S>): Generator<T> {
  const { chunks, summarise } = state;
  const { start, end } = spotsOf(state, asked);
  const count = Math.min(end.chunk, chunks.length - 1) - start.chunk + 1;
  for (let step = 0; step < count; step++) {
    const at = asked.isDescending ? start.chunk + count - 1 - step : start.chunk + step;
    const chunk = chunks[at];
    if (!chunk || !asked.isWanted((chunk.summary ??= summarise(chunk.items)))) continue;
    const low = at === start.chunk ? start.offset : 0;
    const high = at === end.chunk ? end.offset : chunk.items.length;
    const items = chunk.items.slice(low, high);
    yield* asked.isDescending ? items.reverse() : items;
  }
}

export function createOrderedIndex<T extends Numbered, S>(ordering: Ordering<T, S>): OrderedIndex<T, S> {
  const state: State<T, S> = { ...ordering, chunks: [], size: 0 };
  return {
    walk: (asked) => walk(state, asked),
    remove: (item) => remove(state, item),
    count: (from, to) => {
      const { start, end } = spotsOf(state, { from, to });
      let count = end.offset - start.offset;
      for (let at = start.chunk; at < end.chunk; at++) count += state.chunks[at]?.items.length ?? 0;
      return Math.max(0, count);
    },
    add: (added) => {
      state.size += added.length;
      if (added.length > state.size * MERGE_SHARE) merge(state, added);
      else for (const item of added) insert(state, item);
    },
  };
}
