import { beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@socmate/runtime';
import { aDelivery, anEndpoint, until } from '@socmate/testing';
import { createDeliveryQueue } from './delivery-queue.ts';
import type { Pool, Queryable } from './pool.ts';
import { openTestPool } from './pool-fixture.ts';
import { DELIVERY_SERVICE } from './worker-leases.ts';
import { type Ownership, startOwnership } from './worker-ownership.ts';

const pool = await openTestPool(4);
let made = 0;
beforeEach(() => pool.query('TRUNCATE worker_lease, webhook_endpoint CASCADE'));

/** A way to Postgres that can be cut. */
function cuttable() {
  const state = { isCut: false };
  const query = ((...args: Parameters<Pool['query']>) =>
    state.isCut ? Promise.reject(new Error('cut off')) : pool.query(...args)) as Pool['query'];
  return { state, db: { query } satisfies Queryable };
}

async function start(db: Queryable = pool): Promise<Ownership & { lapses: number }> {
  made += 1;
  let names = 0;
  const mine = made;
  const nextOwner = (): string => {
    names += 1;
    return `wrk_${mine}${'abc'[names - 1]}`;
  };
  const log = createLogger('test', 'silent');
  const ownership = await startOwnership(db, { service: DELIVERY_SERVICE, nextOwner, log });
  const counted = Object.assign(ownership, { lapses: 0 });
  ownership.onLapse(() => {
    counted.lapses += 1;
  });
  return counted;
}

test('it is alive at once, knows how many live, and is gone when it leaves', async () => {
  const [one, other] = [await start(), await start()];
  expect([one.isAlive(), other.isAlive()]).toEqual([true, true]);
  await until('each knows of both', () => one.replicas === 2 && other.replicas === 2);
  await other.close();
  await other.leave();
  await until('it knows that it is alone', () => one.replicas === 1);
  await one.close();
});

test('cut off, it stops being alive by itself, and tells', async () => {
  const { state, db } = cuttable();
  const ownership = await start(db);
  state.isCut = true;
  await until('it lapses', () => ownership.lapses === 1, { everyMs: 5 });
  expect(ownership.isAlive()).toBe(false);
  await ownership.close();
});

test('one that nobody declared dead goes on under its name, and judges nobody for a while', async () => {
  const { state, db } = cuttable();
  const ownership = await start(db);
  const { owner } = ownership;
  expect(ownership.isSteady()).toBe(true);
  state.isCut = true;
  await until('it lapses', () => ownership.lapses === 1);
  state.isCut = false;
  await until('it is alive again', () => ownership.isAlive());
  expect([ownership.owner, ownership.isSteady()]).toEqual([owner, false]);
  await until('it is steady', () => ownership.isSteady());
  await ownership.close();
});

test('one that was declared dead learns it, and goes on under a new name; what it held is free', async () => {
  const { state, db } = cuttable();
  const ownership = await start(db);
  const { owner } = ownership;
  const { id: endpointId } = await anEndpoint(pool);
  await aDelivery(pool, { endpoint_id: endpointId, lease_owner: `${owner}:1` });
  const queue = createDeliveryQueue(pool);
  expect(await queue.freeDead()).toBe(0);
  state.isCut = true;
  await until('it is declared dead', async () => (await queue.freeDead()) === 1, { everyMs: 50 });
  expect(ownership.isAlive()).toBe(false);
  state.isCut = false;
  await until('it goes on', () => ownership.isAlive());
  expect(ownership.owner).not.toBe(owner);
  const { rows } = await pool.query('SELECT owner FROM worker_lease');
  expect(rows).toEqual([{ owner: ownership.owner }]);
  await ownership.close();
});
