import { expect, test } from '@jest/globals';
import { parseFilter, parseOrderBy } from './odata.ts';

test('comparisons joined by and are read in any case and with or without parentheses', () => {
  const filter =
    "(Properties/LastModifiedTimeUtc GE 2024-01-01T00:00:00Z AND properties/incidentNumber lt 50) and properties/severity ne 'Low'";
  expect(parseFilter(filter)).toEqual([
    { field: 'modified', operator: 'ge', value: '2024-01-01T00:00:00.0000000Z' },
    { field: 'number', operator: 'lt', value: 50 },
    { field: 'severity', operator: 'ne', value: 'Low' },
  ]);
});

test('a quote in a text is doubled', () => {
  expect(parseFilter("properties/status eq 'it''s'")).toEqual([
    { field: 'status', operator: 'eq', value: "it's" },
  ]);
});

test.each([
  '',
  'properties/title eq',
  "properties/title eq 'x'",
  'properties/severity eq High',
  "properties/severity gt 'Low'",
  'properties/incidentNumber eq 1.5',
  "properties/incidentNumber eq '1'",
  'properties/createdTimeUtc ge 2024-01-01',
  "properties/createdTimeUtc ge '2024-01-01T00:00:00Z'",
  'properties/createdTimeUtc => 2024-01-01T00:00:00Z',
  "properties/status eq 'New' or properties/status eq 'Active'",
  "properties/status eq 'New' and",
  "(properties/status eq 'New'",
  "properties/status eq 'New')",
  "properties/status eq 'New",
  `${'('.repeat(500)}properties/incidentNumber eq 1${')'.repeat(500)}`,
])('the filter %p is refused', (filter) => {
  expect(() => parseFilter(filter)).toThrow('OData query syntax error');
});

test('the order is ascending unless it says otherwise', () => {
  expect(parseOrderBy('properties/createdTimeUtc')).toEqual({ field: 'created', isDescending: false });
  expect(parseOrderBy('properties/incidentNumber DESC')).toEqual({ field: 'number', isDescending: true });
});

test.each(['', 'properties/title', 'properties/status sideways', 'properties/status asc, name'])(
  'the order %p is refused',
  (order) => {
    expect(() => parseOrderBy(order)).toThrow('OData query syntax error');
  },
);
