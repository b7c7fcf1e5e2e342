import { expect, test } from '@jest/globals';
import { PageQuery, toPage } from './paging.ts';

test('a list starts at its head with 20 items', () => {
  expect(PageQuery.parse({})).toEqual({ limit: 20, offset: 0 });
  expect(PageQuery.parse({ limit: '100', offset: '40' })).toEqual({ limit: 100, offset: 40 });
});

test.each(['1e1', ' 5', '5 ', '+5', '-1', '05', '5.0', '0x5', '', '0', '101', '1000', '٥', '99999999999'])(
  'limit=%p is refused, not clamped',
  (limit) => {
    expect(PageQuery.safeParse({ limit }).success).toBe(false);
  },
);

test('a limit out of range is told the range', () => {
  expect(PageQuery.safeParse({ limit: '1000' }).error?.issues[0]?.message).toBe('must be at most 100');
  expect(PageQuery.safeParse({ limit: '0' }).error?.issues[0]?.message).toBe('must be at least 1');
});

test('a total beyond the count says that it is a lower bound', () => {
  const query = { limit: 2, offset: 0 };
  expect(toPage(['a'], 10_001, query, 'c')).toMatchObject({ total: 10_000, total_relation: 'gte' });
  expect(toPage(['a'], 10_000, query, null)).toMatchObject({ total: 10_000, total_relation: 'eq' });
});
