export type Key = string | number;

/** Items in ascending order of `(key, number)`; numbers are unique. */
export interface OrderedIndex<T> {
  readonly items: readonly T[];
  add(items: readonly T[]): void;
  remove(item: T): void;
  /** The position of the first item that is not before `(key, number)`. */
  find(key: Key, number: number): number;
}

/** How many single insertions are cheaper than sorting once. */
const SORT_ABOVE = 64;

export function createOrderedIndex<T extends { readonly number: number }>(
  keyOf: (item: T) => Key,
): OrderedIndex<T> {
  const items: T[] = [];
  const isBefore = (item: T, key: Key, number: number): boolean => {
    const own = keyOf(item);
    return own < key || (own === key && item.number < number);
  };
  const find = (key: Key, number: number): number => {
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = items[middle];
      if (item && isBefore(item, key, number)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    items,
    find,
    add: (added) => {
      if (added.length <= SORT_ABOVE) {
        for (const item of added) items.splice(find(keyOf(item), item.number), 0, item);
        return;
      }
      for (const item of added) items.push(item);
      items.sort((a, b) => (isBefore(a, keyOf(b), b.number) ? -1 : 1));
    },
    remove: (item) => {
      const position = find(keyOf(item), item.number);
      if (items[position]?.number === item.number) items.splice(position, 1);
    },
  };
}
