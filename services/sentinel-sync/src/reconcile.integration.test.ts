import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

let fixture: SyncFixture;
beforeAll(async () => {
  fixture = await openSyncFixture();
});
afterEach(() => fixture.clean());
afterAll(() => fixture.close());

const set = (id: string, columns: string) =>
  fixture.pool.query(`UPDATE siem_provider SET ${columns} WHERE id = $1`, [id]);
const reconcileNow = (id: string) =>
  set(id, `next_reconcile_at = now(), next_sync_at = now() + interval '1 hour'`);

const reconciled = (id: string): Promise<unknown> =>
  until('the workspace is reconciled', async () => (await fixture.state(id)).last_reconciled_at);

const deleted = async (): Promise<unknown[]> =>
  (
    await fixture.rows('SELECT number FROM incident WHERE deleted_in_sentinel_at IS NOT NULL ORDER BY number')
  ).map(({ number }) => number);

/** Deletes in Sentinel the incidents at these places, from 1; numbers go on from test to test. */
async function deleteThere(...places: number[]): Promise<number[]> {
  const [row] = await fixture.rows('SELECT min(number)::int AS first FROM incident');
  const numbers = places.map((place) => Number(row?.['first']) + place - 1);
  for (const number of numbers) await fixture.control.post(`/incidents/${number}/delete`);
  return numbers;
}

async function syncedWorkspace(incidents: number, seed: number): Promise<string> {
  await fixture.control.post('/generate', { incidents, seed, spread: 'PT24H' });
  const id = await fixture.connect();
  await fixture.start();
  await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(incidents);
  return id;
}

test('what was deleted in Sentinel is found, keeps its row and notes, and fires nothing; the rest stays', async () => {
  const id = await syncedWorkspace(120, 1);
  await fixture.pool.query(`UPDATE incident SET notes = 'ours', details_due_at = NULL`);
  const events = await fixture.count('event');
  const [before] = await fixture.rows('SELECT max(change_seq::text::bigint) AS seq FROM incident');
  const gone = await deleteThere(1, 57, 120);
  await reconcileNow(id);
  await reconciled(id);
  expect(await deleted()).toEqual(gone);
  expect(await fixture.count('event')).toBe(events);
  const changed = await fixture.rows(
    `SELECT number FROM incident WHERE notes = 'ours' AND change_seq::text::bigint > ${Number(before?.['seq'])} ORDER BY number`,
  );
  expect(changed.map(({ number }) => number)).toEqual(gone);
});

test('what a sync has missed is stored', async () => {
  const id = await syncedWorkspace(60, 2);
  await fixture.pool.query(
    'DELETE FROM incident WHERE id IN (SELECT id FROM incident ORDER BY number LIMIT 2)',
  );
  await reconcileNow(id);
  await reconciled(id);
  expect(await fixture.count('incident')).toBe(60);
});

test('syncs go on while a long reconciliation runs', async () => {
  const id = await syncedWorkspace(300, 3);
  await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 400 });
  await reconcileNow(id);
  await until('it runs', async () => (await fixture.state(id)).reconcile_owner);
  await fixture.control.post('/generate', { incidents: 1, seed: 4 });
  await fixture.syncNow(id);
  await until('the new incident is stored', async () => (await fixture.count('incident')) === 301);
  expect(await fixture.state(id)).toMatchObject({
    last_reconciled_at: null,
    reconcile_owner: expect.any(String),
  });
});

test('one that fails is tried again later, and is no failure of the sync', async () => {
  const id = await syncedWorkspace(10, 5);
  await fixture.control.post('/faults', { target: 'incidents', kind: '500' });
  await reconcileNow(id);
  const state = await until('it has failed', async () => {
    const now = await fixture.state(id);
    return now.reconcile_owner === null && now.next_reconcile_at > new Date(Date.now() + 60_000)
      ? now
      : undefined;
  });
  expect(state).toMatchObject({ last_error: null, consecutive_failures: 0, last_reconciled_at: null });
  expect(state.next_reconcile_at.getTime()).toBeLessThan(Date.now() + 400_000);
});

test('one that was interrupted goes on where it stopped', async () => {
  const id = await syncedWorkspace(600, 6);
  await fixture.pool.query('UPDATE incident SET details_due_at = NULL');
  const gone = await deleteThere(2, 600);
  await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 60 });
  await reconcileNow(id);
  await until('half of it is done', async () => (await fixture.state(id)).reconcile_until);
  await fixture.closeReplicas();
  await fixture.control.clear();
  await fixture.start();
  await reconciled(id);
  expect(await deleted()).toEqual(gone);
  const pages = (await fixture.control.requests()).filter(({ path }) => /\/incidents(\?|$)/.test(path));
  expect(pages.length).toBeLessThan(11);
  expect(await fixture.state(id)).toMatchObject({ reconcile_until: null });
});

test('a place that Azure does not know makes no incident deleted', async () => {
  const id = await syncedWorkspace(3, 7);
  await set(id, `resource_group = 'renamed', next_reconcile_at = now()`);
  await fixture.pool.query('UPDATE incident SET details_due_at = now()');
  await until('the details were asked for', async () => {
    const [row] = await fixture.rows(
      `SELECT count(*)::int AS n FROM incident WHERE details_due_at > now() + interval '30 seconds'`,
    );
    return row?.['n'] === 3;
  });
  expect(await deleted()).toEqual([]);
});
