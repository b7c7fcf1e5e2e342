import { expect, test } from '@jest/globals';
import { createCursorCodec, parseMasterKeys } from '@socmate/crypto';
import { createListCursors, filterText } from './list-cursor.ts';

const keys = parseMasterKeys(`k1:${Buffer.alloc(32, 1).toString('base64')}`);
const cursors = createListCursors(createCursorCodec(keys), '/api/v1/incidents');
const query = { limit: 20, offset: 0, severity: ['high', 'low'], timespan: 'P7D' };
const position = { time: '2026-11-20T00:00:00.123456Z', id: 'inc_1' };
const window = { from: new Date('2026-11-13T00:00:00Z'), to: null };

test('a cursor gives back its position to the microsecond and the window of the first page', () => {
  const cursor = cursors.next(query, position, window) ?? '';
  expect(cursors.open({ ...query, cursor })).toEqual({ after: position, window });
});

test('a cursor goes with another limit and with filters in another order, and with no other filters', () => {
  const cursor = cursors.next(query, position, window) ?? '';
  expect(cursors.open({ ...query, cursor, limit: 5, severity: ['low', 'high'] }).after).toEqual(position);
  expect(() => cursors.open({ ...query, cursor, severity: ['low'] })).toThrow('other filters');
  expect(() => cursors.open({ ...query, cursor, timespan: 'P8D' })).toThrow('other filters');
});

test('a cursor of another list is refused, and so is one together with an offset', () => {
  const other = createListCursors(createCursorCodec(keys), '/api/v1/webhooks/deliveries');
  const cursor = other.next(query, position) ?? '';
  expect(() => cursors.open({ ...query, cursor })).toThrow('other filters');
  expect(() => cursors.open({ ...query, cursor, offset: 20 })).toThrow('together with a cursor');
});

test('after the last row there is no cursor', () => {
  expect(cursors.next(query, null, window)).toBeNull();
});

test('a filter that is not given does not count', () => {
  expect(filterText('/x', { ...query, tag: undefined })).toBe(filterText('/x', query));
});
