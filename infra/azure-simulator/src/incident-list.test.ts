import { expect, test } from '@jest/globals';
import { type ListQuery, listIncidents } from './incident-list.ts';
import {
  createIncidentStore,
  type IncidentRecord,
  type IncidentStore,
  type SortField,
} from './incident-store.ts';
import { SEVERITIES, STATUSES } from './journal.ts';
import { createRandom, type Random } from './random.ts';
import { instantAt } from './times.ts';

const nowMs = Date.parse('2024-05-01T00:00:00Z');
const source = { body: () => ({ id: '', name: '', properties: {} }), alerts: () => [], entities: () => [] };

const record = (number: number, more: Partial<IncidentRecord> = {}): IncidentRecord => ({
  name: `name-${number}`,
  number,
  // Three share each time, so that the order within a time matters.
  created: instantAt(nowMs - Math.floor(number / 3) * 1_000),
  modified: instantAt(nowMs + Math.floor(number / 3) * 1_000),
  severity: number % 2 ? 'High' : 'Low',
  status: 'New',
  source,
  ...more,
});

function storeOf(count: number): IncidentStore {
  const store = createIncidentStore();
  store.add(Array.from({ length: count }, (_, position) => record(position + 1)));
  return store;
}

type Asked = Partial<ListQuery>;

const page = (store: IncidentStore, asked: Asked = {}, context = { epoch: 'start', nowMs }) =>
  listIncidents({ filter: null, orderBy: null, top: null, skipToken: null, ...asked }, { store, ...context });

function numbersOf(
  store: IncidentStore,
  asked: Asked = {},
  between: () => void = () => undefined,
): number[][] {
  const pages: number[][] = [];
  let skipToken: string | null = null;
  do {
    const { records, ...rest } = page(store, { ...asked, skipToken });
    pages.push(records.map(({ number }) => number));
    skipToken = rest.skipToken ?? null;
    between();
  } while (skipToken);
  return pages;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, position) => position + 1);

test('pages hold at most 50, and together hold every incident once', () => {
  const pages = numbersOf(storeOf(120));
  expect(pages.map(({ length }) => length)).toEqual([50, 50, 20]);
  expect(pages.flat()).toEqual(upTo(120).toReversed());
});

test('a full last page is not followed by an empty one', () => {
  expect(numbersOf(storeOf(100)).map(({ length }) => length)).toEqual([50, 50]);
});

test.each([
  ['properties/lastModifiedTimeUtc asc', upTo(7)],
  ['properties/incidentNumber desc', upTo(7).toReversed()],
  ['properties/createdTimeUtc asc', [6, 7, 3, 4, 5, 1, 2]],
  ['properties/severity asc', [1, 3, 5, 7, 2, 4, 6]],
])('%s is kept across pages of two', (orderBy, numbers) => {
  expect(numbersOf(storeOf(7), { orderBy, top: '2' }).flat()).toEqual(numbers);
});

test.each([
  [`properties/lastModifiedTimeUtc ge ${instantAt(nowMs + 2_000)}`, [9, 8, 7, 6]],
  [`properties/lastModifiedTimeUtc gt ${instantAt(nowMs + 2_000)}`, [9]],
  [`properties/lastModifiedTimeUtc le ${instantAt(nowMs)}`, [2, 1]],
  [`properties/lastModifiedTimeUtc lt ${instantAt(nowMs + 1_000)}`, [2, 1]],
  [
    `properties/lastModifiedTimeUtc eq ${instantAt(nowMs + 1_000)} and properties/incidentNumber ne 4`,
    [5, 3],
  ],
  ["properties/severity eq 'high' and properties/incidentNumber gt 3", [9, 7, 5]],
])('%s', (filter, numbers) => {
  expect(numbersOf(storeOf(9), { filter, top: '2' }).flat()).toEqual(numbers);
});

test('incidents that come while the pages are read push none of the others out', () => {
  const store = storeOf(6);
  let next = 7;
  const seen = numbersOf(store, { orderBy: 'properties/lastModifiedTimeUtc asc', top: '2' }, () => {
    if (next <= 9) store.add([record(next++)]);
  });
  expect(seen.flat()).toEqual(upTo(9));
});

test('an incident changed while the pages are read is found at its new place', () => {
  const store = storeOf(4);
  let isChanged = false;
  const seen = numbersOf(store, { orderBy: 'properties/lastModifiedTimeUtc asc', top: '2' }, () => {
    if (!isChanged) store.replace(record(1, { modified: instantAt(nowMs + 9_000) }));
    isChanged = true;
  });
  expect(seen.flat()).toEqual([1, 2, 3, 4, 1]);
});

test.each(['x', '', 'bnVsbA', Buffer.from('["a",1,2,3]').toString('base64url')])(
  'the skip token %p is refused',
  (skipToken) => {
    expect(() => page(storeOf(60), { skipToken })).toThrow('Invalid $skipToken');
  },
);

test('a skip token is good only for its own query, workspace state and hour', () => {
  const store = storeOf(60);
  const { skipToken = '' } = page(store);
  expect(page(store, { skipToken }).records).toHaveLength(10);
  expect(() => page(store, { skipToken, top: '5' })).toThrow('Invalid $skipToken');
  expect(() => page(store, { skipToken }, { epoch: 'reset', nowMs })).toThrow('Invalid $skipToken');
  const later = { epoch: 'start', nowMs: nowMs + 3_700_000 };
  expect(() => page(store, { skipToken }, later)).toThrow('expired');
});

test.each(['0', '-1', 'ten', '1.5'])('$top of %p is refused', (top) => {
  expect(() => page(storeOf(1), { top })).toThrow('$top');
});

const FIELDS: Record<SortField, string> = {
  created: 'properties/createdTimeUtc',
  modified: 'properties/lastModifiedTimeUtc',
  number: 'properties/incidentNumber',
  severity: 'properties/severity',
  status: 'properties/status',
};
const FIELD_NAMES = Object.keys(FIELDS) as [SortField, ...SortField[]];

/** A condition as it is written, and what it means. */
function aCondition(random: Random): { text: string; isMet: (record: IncidentRecord) => boolean } {
  const field = random.pick(FIELD_NAMES);
  const isText = field === 'severity' || field === 'status';
  const operator = random.pick(isText ? ['eq', 'ne'] : ['eq', 'ne', 'gt', 'ge', 'lt', 'le']);
  const value = {
    created: instantAt(nowMs + random.int(0, 400) * 1_000),
    modified: instantAt(nowMs + random.int(0, 400) * 1_000),
    number: random.int(1, 6_500),
    severity: random.pick(SEVERITIES),
    status: random.pick(STATUSES),
  }[field];
  const isMet = {
    eq: (own: string | number) => own === value,
    ne: (own: string | number) => own !== value,
    gt: (own: string | number) => own > value,
    ge: (own: string | number) => own >= value,
    lt: (own: string | number) => own < value,
    le: (own: string | number) => own <= value,
  }[operator] as (own: string | number) => boolean;
  const written = isText ? `'${String(value).toLowerCase()}'` : String(value);
  return { text: `${FIELDS[field]} ${operator} ${written}`, isMet: (one) => isMet(one[field]) };
}

const drawn = (random: Random, number: number): IncidentRecord =>
  record(number, {
    created: instantAt(nowMs + random.int(0, 400) * 1_000),
    modified: instantAt(nowMs + random.int(0, 400) * 1_000),
    severity: random.pick(SEVERITIES),
    status: random.next() < 0.01 ? 'Closed' : random.pick(['New', 'Active']),
  });

/** Added at once and one by one, changed and removed. */
function aHistory(random: Random): { store: IncidentStore; all: () => IncidentRecord[] } {
  const store = createIncidentStore();
  const known = new Map<number, IncidentRecord>();
  const add = (count: number): void => {
    const first = store.nextNumber();
    const made = Array.from({ length: count }, (_, position) => drawn(random, first + position));
    store.add(made);
    for (const one of made) known.set(one.number, one);
  };
  // As incidents are: what was created later is modified later, but for what is drawn below.
  const old = Array.from({ length: 6_000 }, (_, position) => {
    const seconds = Math.floor(position / 15);
    const [created, modified] = [seconds, seconds + random.int(0, 3)].map((s) =>
      instantAt(nowMs + s * 1_000),
    );
    return { ...drawn(random, position + 1), status: 'New', created, modified } as IncidentRecord;
  });
  store.add(old);
  for (const one of old) known.set(one.number, one);
  for (let step = 0; step < 400; step++) {
    const number = random.int(1, store.nextNumber() - 1);
    const one = known.get(number);
    if (step % 3 === 0) add(random.int(1, 3));
    else if (one && step % 3 === 1) {
      store.remove(one);
      known.delete(number);
    } else if (one) {
      known.set(number, drawn(random, number));
      store.replace(known.get(number)!);
    }
  }
  return { store, all: () => [...known.values()] };
}

test.each([1, 2, 3])(
  'whatever is asked for, the pages hold what a plain search finds, in order (seed %i)',
  (seed) => {
    const random = createRandom('list', seed);
    const { store, all } = aHistory(random);
    for (let round = 0; round < 40; round++) {
      const conditions = Array.from({ length: random.int(0, 3) }, () => aCondition(random));
      const field = random.pick(FIELD_NAMES);
      const sign = random.pick([1, -1]);
      const found = all().filter((one) => conditions.every(({ isMet }) => isMet(one)));
      found.sort(
        (a, b) => sign * (a[field] === b[field] ? a.number - b.number : a[field] < b[field] ? -1 : 1),
      );
      const filter = conditions.length > 0 ? conditions.map(({ text }) => text).join(' and ') : null;
      const orderBy = `${FIELDS[field]} ${sign === 1 ? 'asc' : 'desc'}`;
      const pages = numbersOf(store, { filter, orderBy });
      expect({ filter, orderBy, numbers: pages.flat() }).toEqual({
        filter,
        orderBy,
        numbers: found.map(({ number }) => number),
      });
    }
  },
);
