import { expect, test } from '@jest/globals';
import { IncidentFilters } from '@socmate/contracts';
import { incidentFilter, incidentOrder } from './incident-filter.ts';

const window = { from: new Date(0), to: null };
const filterOf = (query: object) => incidentFilter(IncidentFilters.parse(query), window, undefined);
const orderOf = (query: object) => incidentOrder(IncidentFilters.parse(query));

test('severities are taken in any case, once or again, and critical asks for the priority', () => {
  expect(filterOf({ severity: 'HIGH' })).toMatchObject({ severities: ['high'], priorities: [] });
  expect(filterOf({ severity: ['Critical', 'low'] })).toMatchObject({
    severities: ['low'],
    priorities: ['critical'],
  });
  expect(filterOf({})).toMatchObject({ severities: [], priorities: [], statuses: [] });
});

test('the time field decides which time is looked at and, without a sort, the order', () => {
  expect(filterOf({ time_field: 'Synced' }).timeColumn).toBe('synced_at');
  expect(orderOf({})).toEqual({ column: 'created_at', direction: 'desc' });
  expect(orderOf({ time_field: 'modified' })).toEqual({ column: 'last_modified_at', direction: 'desc' });
  expect(orderOf({ time_field: 'modified', sort: 'created_at' })).toEqual({
    column: 'created_at',
    direction: 'asc',
  });
});

test.each([
  { severity: 'urgent' },
  { status: ['new', 'open'] },
  { sort: 'title' },
  { tag: '' },
  { assignee: 'a\0' },
])('%j is refused', (query) => {
  expect(IncidentFilters.safeParse(query).success).toBe(false);
});
