import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aProvider, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createPool, type Pool } from './pool.ts';
import { createProviderSyncs, type ProviderSyncs } from './provider-syncs.ts';
import { createWorkerLeases } from './worker-leases.ts';

let database: TestDatabase;
let pool: Pool;
let syncs: ProviderSyncs;
beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 10, name: 'test' });
  syncs = createProviderSyncs(pool);
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider, worker_lease CASCADE');
  await createWorkerLeases(pool, 'wrk_a', 'test').heartbeat();
  await createWorkerLeases(pool, 'wrk_b', 'test').heartbeat();
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const later = (): Date => new Date(Date.now() + 3_600_000);
const ids = async (): Promise<string[]> => (await syncs.due(10)).map(({ id }) => id);
const row = async (id: string) =>
  (await pool.query('SELECT * FROM siem_provider WHERE id = $1', [id])).rows[0];

test('of many who claim a workspace at once, one gets it', async () => {
  const { id } = await aProvider(pool);
  const owners = Array.from({ length: 8 }, (_, index) => (index % 2 ? 'wrk_a' : 'wrk_b'));
  const claims = await Promise.all(owners.map((owner) => syncs.claim({ owner, providerId: id }, 300)));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await ids()).toEqual([]);
});

test('only what is due, enabled and there is claimed', async () => {
  const notDue = await aProvider(pool, { next_sync_at: later() });
  const disabled = await aProvider(pool, { enabled: false });
  const deleted = await aProvider(pool, { deleted_at: new Date() });
  const gone = { id: 'prv_gone' };
  for (const { id } of [notDue, disabled, deleted, gone]) {
    expect(await syncs.claim({ owner: 'wrk_a', providerId: id }, 300)).toBeUndefined();
  }
  expect(await ids()).toEqual([]);
});

test('a workspace of an owner that died is due; of one that is alive it is not', async () => {
  await aProvider(pool, { id: 'prv_held', sync_owner: 'wrk_a' });
  await aProvider(pool, { id: 'prv_dead', sync_owner: 'wrk_c', next_sync_at: later() });
  expect(await ids()).toEqual(['prv_dead']);
  await pool.query(
    `UPDATE worker_lease SET heartbeat_at = now() - interval '2 seconds' WHERE owner = 'wrk_a'`,
  );
  expect((await ids()).toSorted()).toEqual(['prv_dead', 'prv_held']);
});

test('the watermark moves forward only, and not beyond now', async () => {
  const { id } = await aProvider(pool);
  const claim = { owner: 'wrk_a', providerId: id };
  const marks: unknown[] = [];
  const past = new Date(Date.now() - 60_000);
  for (const watermark of [past, new Date(past.getTime() - 60_000), undefined, later()]) {
    await pool.query('UPDATE siem_provider SET next_sync_at = now()');
    await syncs.claim(claim, 300);
    await syncs.succeed(claim, { watermark, problem: null, reconcileInS: 60 });
    marks.push((await row(id)).watermark);
  }
  expect(marks.slice(0, 3)).toEqual([past, past, past]);
  expect((marks[3] as Date).getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
});

test('who lost a claim changes nothing', async () => {
  const { id } = await aProvider(pool);
  const lost = { owner: 'wrk_b', providerId: id };
  await syncs.claim({ owner: 'wrk_a', providerId: id }, 300);
  const before = await row(id);
  await syncs.succeed(lost, { watermark: new Date(), problem: null, reconcileInS: 60 });
  await syncs.fail(lost, { error: { code: 'unavailable', message: 'm' }, retryInS: 1 });
  await syncs.release(lost);
  expect(await row(id)).toEqual(before);
  expect(await syncs.isHeld(lost)).toBe(false);
});

test('a failure is kept with its reason and counted until a success', async () => {
  const { id } = await aProvider(pool, { sync_interval_s: 60 });
  const claim = { owner: 'wrk_a', providerId: id };
  const error = { code: 'unavailable', message: 'Azure could not be reached' };
  expect(await syncs.claim(claim, 300)).toMatchObject({ intervalS: 60, consecutiveFailures: 0 });
  await syncs.fail(claim, { error, retryInS: 0 });
  expect(await row(id)).toMatchObject({ last_error: error, consecutive_failures: 1, sync_owner: null });
  expect(await syncs.claim(claim, 300)).toMatchObject({ consecutiveFailures: 1 });
  await syncs.succeed(claim, { watermark: undefined, problem: null, reconcileInS: 60 });
  expect(await row(id)).toMatchObject({ last_error: null, consecutive_failures: 0, watermark: null });
});
