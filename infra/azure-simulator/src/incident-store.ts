import type { IncidentContent } from './incident-content.ts';
import { createOrderedIndex, type Key, type OrderedIndex } from './ordered-index.ts';
import type { Instant } from './times.ts';

export type JsonObject = { readonly [key: string]: unknown };

/** A resource as ARM shows it. */
export interface Resource {
  readonly id: string;
  readonly name: string;
  readonly type?: string;
  readonly kind?: string;
  readonly etag?: string;
  readonly properties: JsonObject;
}

/** Makes the bodies of incidents when they are asked for. */
export interface IncidentSource {
  body(record: IncidentRecord): Resource;
  alerts(record: IncidentRecord): readonly Resource[];
  entities(record: IncidentRecord): readonly Resource[];
  comments?(record: IncidentRecord): readonly Resource[];
  /** All of it, once it was touched. */
  readonly content?: IncidentContent;
}

/** An incident by what it is looked up by. Generated ones share their source, so that a million fit in memory. */
export interface IncidentRecord {
  readonly name: string;
  readonly number: number;
  readonly created: Instant;
  readonly modified: Instant;
  readonly severity: string;
  readonly status: string;
  readonly source: IncidentSource;
}

export type SortField = 'created' | 'modified' | 'number' | 'severity' | 'status';

export interface IncidentStore {
  byName(name: string): IncidentRecord | undefined;
  byNumber(number: number): IncidentRecord | undefined;
  add(records: readonly IncidentRecord[]): void;
  replace(record: IncidentRecord): void;
  remove(record: IncidentRecord): void;
  clear(): void;
  ordered(field: SortField): OrderedIndex<IncidentRecord, IncidentSummary>;
  /** Greater than any number given so far, those of cleared incidents included. */
  nextNumber(): number;
  reserveNumbersBelow(number: number): void;
}

const KEYS: Record<SortField, (record: IncidentRecord) => Key> = {
  created: (record) => record.created,
  modified: (record) => record.modified,
  number: (record) => record.number,
  severity: (record) => record.severity,
  status: (record) => record.status,
};

const RANGED = ['created', 'modified', 'number'] as const;

/** What the incidents of a stretch have between them. */
export interface IncidentSummary {
  readonly ranges: Readonly<Record<(typeof RANGED)[number], readonly [least: Key, greatest: Key]>>;
  /** Each pair that occurs, once. */
  readonly kinds: readonly Pick<IncidentRecord, 'severity' | 'status'>[];
}

function summarise(records: readonly IncidentRecord[]): IncidentSummary {
  const rangeOf = (field: (typeof RANGED)[number]): [Key, Key] => {
    let least: Key = records[0]?.[field] ?? '';
    let greatest = least;
    for (const { [field]: key } of records) {
      if (key < least) least = key;
      if (key > greatest) greatest = key;
    }
    return [least, greatest];
  };
  const kinds: { severity: string; status: string }[] = [];
  for (const { severity, status } of records) {
    const isKnown = kinds.some((kind) => kind.severity === severity && kind.status === status);
    if (!isKnown) kinds.push({ severity, status });
  }
  return {
    ranges: { created: rangeOf('created'), modified: rangeOf('modified'), number: rangeOf('number') },
    kinds,
  };
}

/** The incidents in every order that a list may have, each kept up to date. */
function createIndexes() {
  const indexOf = (field: SortField) => createOrderedIndex({ keyOf: KEYS[field], summarise });
  const create = () => ({
    created: indexOf('created'),
    modified: indexOf('modified'),
    number: indexOf('number'),
    severity: indexOf('severity'),
    status: indexOf('status'),
  });
  let indexes = create();
  return {
    get: (field: SortField) => indexes[field],
    clear: () => {
      indexes = create();
    },
    add: (records: readonly IncidentRecord[]) => {
      for (const index of Object.values(indexes)) index.add(records);
    },
    remove: (record: IncidentRecord) => {
      for (const index of Object.values(indexes)) index.remove(record);
    },
  };
}

export function createIncidentStore(): IncidentStore {
  const byName = new Map<string, IncidentRecord>();
  const byNumber = new Map<number, IncidentRecord>();
  const indexes = createIndexes();
  let next = 1;

  const add = (records: readonly IncidentRecord[]): void => {
    for (const record of records) {
      byName.set(record.name.toLowerCase(), record);
      byNumber.set(record.number, record);
      next = Math.max(next, record.number + 1);
    }
    indexes.add(records);
  };
  return {
    byName: (name) => byName.get(name.toLowerCase()),
    byNumber: (number) => byNumber.get(number),
    add,
    replace: (record) => {
      const old = byNumber.get(record.number);
      if (old) indexes.remove(old);
      add([record]);
    },
    remove: (record) => {
      byName.delete(record.name.toLowerCase());
      byNumber.delete(record.number);
      indexes.remove(record);
    },
    clear: () => {
      byName.clear();
      byNumber.clear();
      indexes.clear();
    },
    ordered: indexes.get,
    nextNumber: () => next,
    reserveNumbersBelow: (number) => {
      next = Math.max(next, number);
    },
  };
}
