import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  type ClaimedProvider,
  createIncidentPages,
  createPool,
  createProviderSyncs,
  type Pool,
} from '@socmate/database';
import { createIds, systemClock } from '@socmate/runtime';
import { aProvider, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { anIncident } from './an-incident.ts';
import { type StorePageDeps, storePage } from './store-page.ts';

let database: TestDatabase;
let pool: Pool;
let provider: ClaimedProvider;
let deps: StorePageDeps;
beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 2, name: 'test' });
  const pages = createIncidentPages(pool, { ids: createIds(), clock: systemClock });
  deps = { pages, publicUrl: 'https://soc.example' };
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider CASCADE');
  const { id } = await aProvider(pool, { alert_backlog: true });
  provider = (await createProviderSyncs(pool).claim({ owner: 'wrk_1', providerId: id }, 300))!;
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const numbers = async () =>
  (await pool.query('SELECT number FROM incident ORDER BY 1')).rows.map((row) => row.number);

test('an incident that Postgres refuses is named, and the others of its page are stored with their alerts', async () => {
  const page = [
    anIncident({ name: 'a', number: 1 }),
    anIncident({ name: 'impossible', number: 2, createdAt: '2026-02-30T00:00:00Z' }),
    anIncident({ name: 'b', number: 3 }),
  ];
  const outcome = await storePage(deps, provider, page);
  expect(outcome).toMatchObject({ inserted: 2, alerted: { new: 2, raised: 0 } });
  expect(outcome.refused).toMatchObject([{ name: 'impossible', number: 2 }]);
  expect(await numbers()).toEqual([1, 3]);
});

test('of two incidents with one number in a page, one is stored and the other named', async () => {
  const page = [anIncident({ name: 'a', number: 1 }), anIncident({ name: 'b', number: 1 })];
  const outcome = await storePage(deps, provider, page);
  expect(outcome.refused).toMatchObject([{ name: 'b', reason: expect.stringContaining('this number') }]);
  expect(await numbers()).toEqual([1]);
});

test('of one incident twice in a page, the newer is stored and alerts', async () => {
  const page = [
    anIncident({ severity: 'high', lastModifiedAt: '2026-11-22T12:00:00Z' }),
    anIncident({ severity: 'low', lastModifiedAt: '2026-11-22T11:00:00Z' }),
  ];
  expect(await storePage(deps, provider, page)).toMatchObject({ inserted: 1, alerted: { new: 1 } });
  const { rows } = await pool.query('SELECT severity, alerted_severity FROM incident');
  expect(rows).toEqual([{ severity: 'high', alerted_severity: 'high' }]);
});
