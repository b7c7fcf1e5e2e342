import { expect, test } from '@jest/globals';
import type { Entity } from '@socmate/contracts';
import type { ListedEntry } from './assessment.ts';
import { createInternalHistory } from './internal-history.ts';
import { createOfflineProviders } from './offline-providers.ts';
import { createTenantLists, listingsOf } from './tenant-lists.ts';
import { aListing, anEntity, anInput, NOW } from './test-incident.ts';

const ask = (entries: readonly ListedEntry[], entity: Entity) =>
  createTenantLists(entries, NOW).find(entity)?.evidence?.['lists'];

test('an entity is listed by its key, any alias, and a weak key without its workspace', () => {
  const scanner = anEntity('host', 'scan01', {
    key: 'host:scan01@prod',
    aliases: ['host:scan01@prod', 'host:scan01.corp.contoso.com'],
  });
  expect(ask([aListing('approved', 'host', 'scan01.corp.contoso.com')], scanner)).toHaveLength(1);
  expect(ask([aListing('approved', 'host', 'scan01')], scanner)).toHaveLength(1);
  expect(ask([aListing('approved', 'host', 'scan02')], scanner)).toBeUndefined();
});

test('a range holds its addresses and the URLs on them', () => {
  const lists = [aListing('approved', 'ip', '10.20.0.0/16'), aListing('watch', 'ip', '2001:db8::/32')];
  expect(ask(lists, anEntity('ip', '10.20.30.40', { key: 'ip:10.20.30.40@prod' }))).toMatchObject([
    { list: 'approved', key: 'ip:10.20.0.0/16' },
  ]);
  expect(ask(lists, anEntity('url', 'http://10.20.30.40/a'))).toHaveLength(1);
  expect(ask(lists, anEntity('ip', '2001:db8::7'))).toMatchObject([{ list: 'watch' }]);
  expect(ask(lists, anEntity('ip', '10.21.0.1'))).toBeUndefined();
});

test('a domain stands for everything below it, and for nothing beside it', () => {
  const lists = [aListing('allow', 'domain', 'contoso.com')];
  expect(ask(lists, anEntity('domain', 'shop.contoso.com'))).toHaveLength(1);
  expect(ask(lists, anEntity('url', 'https://contoso.com/a'))).toHaveLength(1);
  expect(ask(lists, anEntity('domain', 'evilcontoso.com'))).toBeUndefined();
  expect(ask(lists, anEntity('domain', 'contoso.com.evil.net'))).toBeUndefined();
  expect(ask(lists, anEntity('email', 'a@contoso.com'))).toBeUndefined();
});

test('an entry that has ended counts no more', () => {
  const entry = aListing('watch', 'ip', '45.155.205.20');
  const entity = anEntity('ip', '45.155.205.20');
  expect(ask([{ ...entry, ends_at: '2026-04-11T08:00:00.000Z' }], entity)).toBeUndefined();
  expect(ask([{ ...entry, ends_at: '2026-04-11T08:00:00.001Z' }], entity)).toHaveLength(1);
});

test('a range that is none is no range', () => {
  for (const value of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', '/8', '10.0.0.0/8/8'])
    expect(ask([aListing('watch', 'ip', value)], anEntity('ip', '10.0.0.1'))).toBeUndefined();
});

test('allowed and approved are benign; watched and internal are no opinion, and watching comes first', () => {
  const entity = anEntity('ip', '45.155.205.20');
  const verdictOf = (...lists: ListedEntry['list'][]) =>
    createTenantLists(
      lists.map((list) => aListing(list, 'ip', entity.value)),
      NOW,
    ).find(entity)?.verdict;
  expect(verdictOf('allow')).toBe('benign');
  expect(verdictOf('approved', 'internal')).toBe('benign');
  expect(verdictOf('internal')).toBeUndefined();
  expect(verdictOf('allow', 'watch')).toBeUndefined();
});

test('internal domains are imitated like the tenant’s own', () => {
  const entity = anEntity('domain', 'fabrikarn.com');
  const askWith = (lists: ListedEntry[]) =>
    createOfflineProviders({ tenantDomains: [] })(anInput({ facts: { lists } }).facts, NOW)(entity);
  expect(askWith([]).observations).toEqual([]);
  expect(askWith([aListing('internal', 'domain', 'fabrikam.com')])).toMatchObject({
    observations: [{ provider: 'look-alike', verdict: 'suspicious', observed_at: NOW.toISOString() }],
    context: { looks_like: 'fabrikam' },
  });
});

test('what an observation says of the lists is read back as it was written', () => {
  const facts = anInput({ facts: { lists: [aListing('watch', 'ip', '45.155.205.20')] } }).facts;
  const { observations } = createOfflineProviders({ tenantDomains: [] })(facts, NOW)(
    anEntity('ip', '45.155.205.20'),
  );
  expect(listingsOf(observations)).toEqual([
    { list: 'watch', key: 'ip:45.155.205.20', value: '45.155.205.20', note: null },
  ]);
  expect(listingsOf([])).toEqual([]);
});

test('history says where an entity was before, and nothing of one that is new', () => {
  const seen = { first_seen: '2026-01-02T03:04:05Z', last_seen: '2026-02-02T03:04:05Z' };
  const classifications = { true_positive: 1, benign_positive: 2 };
  const history = [
    { key: 'ip:a', incidents: 3, ...seen, classifications, verdicts: { benign: 3 } },
    { key: 'ip:b', incidents: 0, ...seen, classifications: {}, verdicts: {} },
  ];
  const provider = createInternalHistory(history);
  const found = provider.find(anEntity('ip', 'a'));
  expect(found).toMatchObject({
    summary: 'seen in 3 incidents before (2 benign positive, 1 true positive)',
    context: { history: { incidents: 3, verdicts: { benign: 3 } } },
  });
  expect(found?.verdict).toBeUndefined();
  expect(provider.find(anEntity('ip', 'b'))).toBeUndefined();
  expect(provider.find(anEntity('ip', 'c'))).toBeUndefined();
});
