import { expect, test } from '@jest/globals';
import { createPageProgress, instantKey } from './page-progress.ts';
import type { SentinelIncidentPage } from './sentinel-answers.ts';

type Entry = readonly [name: string, lastModifiedAt: string];

const page = (entries: readonly Entry[], unreadable: readonly string[] = []): SentinelIncidentPage => ({
  incidents: entries.map(([name, lastModifiedAt]) => ({ name, lastModifiedAt })) as never,
  unreadable: unreadable.map((name) => ({ name, number: null, reason: 'odd' })),
  isLast: false,
});
const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 0, 0, second)).toISOString();
const stalledAfter = (pages: Iterable<SentinelIncidentPage>): number | undefined => {
  const progress = createPageProgress('lastModifiedAt');
  let count = 0;
  for (const one of pages) {
    count += 1;
    if (progress.hasStalled(one)) return count;
  }
  return undefined;
};
const repeat = (count: number, make: (index: number) => SentinelIncidentPage) =>
  Array.from({ length: count }, (_, index) => make(index));

test('a list that goes back in time never stalls', () => {
  expect(stalledAfter(repeat(1_000, (index) => page([[`n${index}`, at(-index)]])))).toBeUndefined();
});

test('incidents of one instant are told apart by their names', () => {
  expect(stalledAfter(repeat(100, (index) => page([[`n${index}`, at(0)]])))).toBeUndefined();
});

test.each<[string, (index: number) => SentinelIncidentPage]>([
  ['the same page again', () => page([['n', at(0)]])],
  ['the list from its start again', (index) => page([[`n${index % 5}`, at(-(index % 5))]])],
  ['nothing at all', () => page([])],
  ['the same unreadable incident', () => page([], ['odd'])],
])('%s, again and again, is a list that leads nowhere', (_, make) => {
  expect(stalledAfter(repeat(100, make))).toBeLessThanOrEqual(26);
});

test('some pages that repeat, because incidents were modified meanwhile, are no stall', () => {
  const pages = repeat(10, () => page([['n', at(0)]]));
  expect(stalledAfter([...pages, page([['m', at(-1)]]), ...pages])).toBeUndefined();
});

test('pages of nothing but unreadable incidents go on as long as they are different ones', () => {
  expect(stalledAfter(repeat(100, (index) => page([], [`odd ${index}`])))).toBeUndefined();
});

test('instants sort as times do, whatever their precision and offset', () => {
  const times = [
    '2026-11-22T10:00:00Z',
    '2026-11-22T10:00:00.1Z',
    '2026-11-22T10:00:00.1000001Z',
    '2026-11-22T10:00:00.9999999Z',
    '2026-11-22T12:00:01+02:00',
  ];
  expect(times.map(instantKey).toSorted()).toEqual(times.map(instantKey));
});
