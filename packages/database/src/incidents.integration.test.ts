import { beforeEach, expect, test } from '@jest/globals';
import { anIncident, aProvider } from '@socmate/testing';
import { type IncidentFilter, type IncidentPage, listStatement } from './incident-list.ts';
import { createIncidents } from './incidents.ts';
import { transaction } from './pool.ts';
import { openTestPool } from './pool-fixture.ts';

const pool = await openTestPool(4);
let provider: { id: string; name: string };
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider CASCADE');
  provider = await aProvider(pool, { name: 'prod', is_default: true });
});

const since = new Date('2026-01-01T00:00:00Z');
const aFilter = (only: Partial<IncidentFilter> = {}): IncidentFilter => ({
  timeColumn: 'created_at',
  from: since,
  to: null,
  ...only,
});
const aPage = (only: Partial<IncidentPage> = {}): IncidentPage => ({
  order: { column: 'created_at', direction: 'desc' },
  limit: 20,
  offset: 0,
  ...only,
});
const insert = (only: Record<string, unknown> = {}) =>
  anIncident(pool, { provider_id: provider.id, ...only });
const numbers = async (filter: Partial<IncidentFilter>, page: Partial<IncidentPage> = {}) => {
  const { incidents } = await createIncidents(pool).list(aFilter(filter), aPage(page));
  return incidents.map(({ number }) => number);
};

/** Many incidents at once, five of them at each microsecond. */
const insertMany = (count: number): Promise<unknown> =>
  pool.query(
    `INSERT INTO incident (id, provider_id, sentinel_name, number, title, description, severity, status,
       labels, tactics, techniques, alerts_count, created_at, last_modified_at, raw)
     SELECT 'inc_' || n, $1, 'name-' || n, n, 'Spray', '', 'medium', 'new', '{}', '{}', '{}', 0,
       '2026-11-20T00:00:00Z'::timestamptz + (n / 5) * interval '1 microsecond', now(), '{}'
     FROM generate_series(1, $2::integer) AS n`,
    [provider.id, count],
  );

test.each(['asc', 'desc'] as const)(
  'walking on by position (%s) shows each incident once, though many share a microsecond',
  async (direction) => {
    await insertMany(57);
    const seen: number[] = [];
    let after: IncidentPage['after'];
    do {
      const page = aPage({ order: { column: 'created_at', direction }, limit: 7, after });
      const { incidents, next } = await createIncidents(pool).list(aFilter(), page);
      seen.push(...incidents.map(({ number }) => number));
      after = next ?? undefined;
      if (seen.length === 14) await insert({ created_at: new Date(), number: 1_000 });
    } while (after);
    const old = seen.filter((number) => number !== 1_000);
    expect(old).toHaveLength(57);
    expect(new Set(old).size).toBe(57);
  },
);

test('each filter keeps what it names and nothing else', async () => {
  const at = (day: number) => new Date(Date.UTC(2026, 10, day));
  await insert({ number: 1, severity: 'high', status: 'new', created_at: at(1), assignee: 'kim' });
  await insert({ number: 2, severity: 'low', status: 'closed', created_at: at(2), tags: ['vip', 'eu'] });
  await insert({ number: 3, severity: 'medium', priority: 'critical', status: 'active', created_at: at(3) });
  expect(await numbers({ severities: ['high', 'low'] })).toEqual([2, 1]);
  expect(await numbers({ severities: ['high'], priorities: ['critical'] })).toEqual([3, 1]);
  expect(await numbers({ statuses: ['active', 'closed'] })).toEqual([3, 2]);
  expect(await numbers({ assignee: 'kim' })).toEqual([1]);
  expect(await numbers({ tag: 'vip' })).toEqual([2]);
  expect(await numbers({ providerIds: [] })).toEqual([]);
  expect(await numbers({ providerIds: [provider.id] })).toEqual([3, 2, 1]);
  expect(await numbers({ from: at(2) })).toEqual([3, 2]);
  expect(await numbers({ from: at(1), to: at(2) })).toEqual([1]);
  expect(await numbers({ timeColumn: 'synced_at', to: at(1) })).toEqual([]);
  expect(await numbers({}, { order: { column: 'created_at', direction: 'asc' } })).toEqual([1, 2, 3]);
  expect(await numbers({}, { offset: 1, limit: 1 })).toEqual([2]);
});

test.each(['asc', 'desc'] as const)(
  'a page of few (%s) is the page that looking in order gives, on every page',
  async (direction) => {
    await insertMany(40);
    await pool.query(`UPDATE incident SET tags = '{vip}' WHERE number % 3 = 0`);
    const pages = async (areFew: boolean) => {
      const seen: number[][] = [];
      let after: IncidentPage['after'];
      do {
        const page = aPage({ order: { column: 'created_at', direction }, limit: 4, after, areFew });
        const { incidents, next } = await createIncidents(pool).list(aFilter({ tag: 'vip' }), page);
        seen.push(incidents.map(({ number }) => number));
        after = next ?? undefined;
      } while (after);
      return seen;
    };
    const few = await pages(true);
    expect(few.flat()).toHaveLength(13);
    expect(few).toEqual(await pages(false));
  },
);

test('words, a tag and a number of the portal are found by their indexes where few have them', async () => {
  await insertMany(20_000);
  await pool.query(`UPDATE incident SET tags = '{vip}', title = 'Needle', assignee = 'kim', provider_incident_id = '7'
    WHERE number = 77`);
  await pool.query('VACUUM ANALYZE incident');
  const planOf = async (filter: Partial<IncidentFilter>) => {
    const { text, values } = listStatement(aFilter(filter), aPage({ areFew: true }));
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };
  expect(await planOf({ words: 'needle' })).toContain('incident_search_idx');
  expect(await planOf({ tag: 'vip' })).toContain('incident_tags_idx');
  expect(await planOf({ assignee: 'kim' })).toContain('incident_assignee_idx');
  expect(await planOf({ providerIncidentId: '7', from: null })).toContain('incident_provider_incident_idx');
  expect(await numbers({ words: 'needle' }, { areFew: true })).toEqual([77]);
});

test('of incidents that share a number, the default workspace has the first word', async () => {
  const other = await aProvider(pool, { created_at: new Date(0) });
  await insert({ number: 5, provider_id: other.id, title: 'other' });
  const { id } = await insert({ number: 5, title: 'default' });
  const incidents = createIncidents(pool);
  expect(await incidents.byNumber({ number: 5 })).toMatchObject({ id, provider: 'prod' });
  expect(await incidents.byNumber({ number: 5, providerIds: [other.id] })).toMatchObject({ title: 'other' });
  expect(await incidents.byNumber({ number: 6 })).toBeUndefined();
});

test('a change of local fields raises change_seq, and none of them where nothing changed', async () => {
  await insert({ number: 1, notes: 'old', tags: ['a'] });
  const patch = (only: object) => transaction(pool, (db) => createIncidents(db).patch({ number: 1 }, only));
  const seq = async () => (await createIncidents(pool).byNumber({ number: 1 }))?.change_seq ?? 0;
  const first = await seq();
  expect(await patch({ assignee: 'kim' })).toMatchObject({
    before: { assignee: null, notes: 'old' },
    after: { assignee: 'kim', notes: 'old', tags: ['a'] },
  });
  const second = await seq();
  expect(second).toBeGreaterThan(first);
  await patch({ assignee: 'kim' });
  expect(await seq()).toBe(second);
  await patch({ notes: null, tags: null, assignee: null });
  expect(await createIncidents(pool).byNumber({ number: 1 })).toMatchObject({ notes: null, tags: [] });
});

test('the default list and its count read the index of their order, not the table', async () => {
  await insertMany(20_000);
  await pool.query('ANALYZE incident');
  const plan = async (page: IncidentPage) => {
    const { text, values } = listStatement(aFilter({ from: new Date(Date.UTC(2026, 10, 15)) }), page);
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };
  const first = await plan(aPage());
  expect(first).toContain('Index Only Scan using incident_created_idx');
  expect(first).not.toContain('Seq Scan on incident');
  const later = await plan(aPage({ after: { time: '2026-11-20T00:00:00.002000Z', id: 'inc_10000' } }));
  expect(later).toContain('Index Only Scan using incident_created_idx');
  expect(await createIncidents(pool).count(aFilter())).toBe(10_001);
});
