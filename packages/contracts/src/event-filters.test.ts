import { expect, test } from '@jest/globals';
import {
  EventFilters,
  type FilteredIncident,
  matchesFilters,
  matchesGlob,
  stormKey,
} from './event-filters.ts';

const RULE = '/subscriptions/s/providers/Microsoft.SecurityInsights/alertRules/8A1C';
const incident = (only: Partial<FilteredIncident> = {}): FilteredIncident => ({
  title: 'Password spray on Contoso',
  rules: [RULE],
  products: ['Microsoft Defender XDR', 'Azure Sentinel'],
  labels: ['vip'],
  tactics: ['CredentialAccess'],
  ...only,
});

test.each<[EventFilters, boolean]>([
  [{}, true],
  [{ title_contains: ['SPRAY'] }, true],
  [{ title_contains: ['malware', 'spray'] }, true],
  [{ title_contains: ['malware'] }, false],
  [{ title_glob: ['password * contoso'] }, true],
  [{ title_glob: ['password'] }, false],
  [{ title_glob: ['*sp?ay*'] }, true],
  [{ rules: ['8a1c'] }, true],
  [{ rules: [RULE.toUpperCase()] }, true],
  [{ rules: ['1c'] }, false],
  [{ products: ['azure sentinel'] }, true],
  [{ products: ['Sentinel'] }, false],
  [{ labels: ['VIP', 'lab'] }, true],
  [{ labels: ['lab'] }, false],
  [{ tactics: ['credentialaccess'] }, true],
  [{ tactics: ['Impact'] }, false],
  [{ labels: ['vip'], tactics: ['Impact'] }, false],
])('the filters %j let it through: %j', (filters, isWanted) => {
  expect(matchesFilters(EventFilters.parse(filters), incident())).toBe(isWanted);
});

test('what an incident lacks matches no filter', () => {
  const bare = incident({ rules: [], products: [], labels: [], tactics: [] });
  for (const name of ['rules', 'products', 'labels', 'tactics'] as const)
    expect(matchesFilters({ [name]: ['x'] }, bare)).toBe(false);
});

test.each([
  ['', '', true],
  ['*', '', true],
  ['**', 'anything', true],
  ['?', '', false],
  ['?', '😀', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-b-b', false],
  ['a*', 'ba', false],
  ['*a', 'bab', false],
  ['a.c', 'abc', false],
  ['[ab]', 'a', false],
  ['*ab', 'aaab', true],
])('the pattern %j and %j: %j', (pattern, title, isMatch) => {
  expect(matchesGlob(pattern, title)).toBe(isMatch);
});

test('a pattern made to be slow is not', () => {
  const startedMs = performance.now();
  expect(matchesGlob(`${'*a'.repeat(99)}*b`, 'a'.repeat(5_000))).toBe(false);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test('a storm is counted by the rule, or by the title of what no rule made', () => {
  expect(stormKey(incident())).toBe('rule:8a1c');
  expect(stormKey(incident({ rules: [] }))).toBe('title:password spray on contoso');
  expect(stormKey(incident({ rules: [], title: 'x'.repeat(9_999) }))).toHaveLength(500);
});
