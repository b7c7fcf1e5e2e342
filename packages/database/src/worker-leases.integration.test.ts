import { beforeEach, expect, test } from '@jest/globals';
import { transaction } from './pool.ts';
import { openTestPool } from './pool-fixture.ts';
import { createWorkerLeases, databaseNow, ownerIsDead } from './worker-leases.ts';

const pool = await openTestPool(4);
beforeEach(() => pool.query('TRUNCATE worker_lease'));

const leasesOf = (owner: string) => createWorkerLeases(pool, owner, 'notifier');

const isDead = async (owner: string): Promise<boolean> =>
  (
    await pool.query(`SELECT ${ownerIsDead('held.owner')} AS dead FROM (VALUES ($1)) AS held (owner)`, [
      owner,
    ])
  ).rows[0].dead;

const lastBeat = (owner: string, ago: string): Promise<unknown> =>
  pool.query(`UPDATE worker_lease SET heartbeat_at = now() - $2::interval WHERE owner = $1`, [owner, ago]);

test('a worker that beats is alive; one that never did is dead', async () => {
  await leasesOf('wrk_1').heartbeat();
  expect(await isDead('wrk_1')).toBe(false);
  expect(await isDead('wrk_2')).toBe(true);
});

test('it is dead 1.5 s after its last beat, and alive again when it beats again', async () => {
  const leases = leasesOf('wrk_1');
  await leases.heartbeat();
  await lastBeat('wrk_1', '1.4 seconds');
  expect(await isDead('wrk_1')).toBe(false);
  await lastBeat('wrk_1', '1.5 seconds');
  expect(await isDead('wrk_1')).toBe(true);
  await leases.heartbeat();
  expect(await isDead('wrk_1')).toBe(false);
  expect((await pool.query('SELECT FROM worker_lease')).rowCount).toBe(1);
});

test('one that leaves is dead at once, and takes no other with it', async () => {
  await leasesOf('wrk_1').heartbeat();
  await leasesOf('wrk_2').heartbeat();
  await leasesOf('wrk_1').leave();
  expect([await isDead('wrk_1'), await isDead('wrk_2')]).toEqual([true, false]);
});

test('a sweep forgets those that have been dead for an hour, and only those', async () => {
  for (const owner of ['wrk_old', 'wrk_dead', 'wrk_alive']) await leasesOf(owner).heartbeat();
  await lastBeat('wrk_old', '61 minutes');
  await lastBeat('wrk_dead', '59 minutes');
  expect(await leasesOf('wrk_alive').sweep()).toBe(1);
  const { rows } = await pool.query('SELECT owner FROM worker_lease ORDER BY owner');
  expect(rows).toEqual([{ owner: 'wrk_alive' }, { owner: 'wrk_dead' }]);
});

test('the database’s time is one and the same within a transaction', async () => {
  const [first, second] = await transaction(pool, async (db) => [
    await databaseNow(db),
    await databaseNow(db),
  ]);
  expect(second).toEqual(first);
  expect(Math.abs(first.getTime() - Date.now())).toBeLessThan(60_000);
});
