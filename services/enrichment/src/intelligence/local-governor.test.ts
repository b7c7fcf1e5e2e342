import { expect, test } from '@jest/globals';
import { createLocalGovernor } from './local-governor.ts';

function build(start: string) {
  let now = Date.parse(start);
  const governor = createLocalGovernor({ now: () => new Date(now) });
  return { governor, pass: (ms: number) => (now += ms) };
}

test('no minute holds more than its quota, and turns are first come, first served', async () => {
  const { governor, pass } = build('2026-11-23T10:00:00Z');
  const waits: number[] = [];
  const take = async () => waits.push((await governor.take('a', { perMinute: 2 }, 200_000)).waitMs);
  await take();
  pass(10_000);
  for (let at = 0; at < 4; at += 1) await take();
  expect(waits).toEqual([0, 0, 50_000, 60_000, 110_000]);
  expect(await governor.take('a', { perMinute: 2 }, 1_000)).toMatchObject({ isTaken: false, why: 'minute' });
  expect(await governor.take('b', { perMinute: 2 }, 0)).toMatchObject({ isTaken: true, waitMs: 0 });
});

test('the quota of a day ends with the day in UTC', async () => {
  const { governor, pass } = build('2026-11-23T23:59:00Z');
  const take = () => governor.take('a', { perDay: 1 }, 0);
  expect(await take()).toMatchObject({ isTaken: true });
  expect(await take()).toEqual({ isTaken: false, waitMs: 60_000, why: 'day' });
  pass(60_000);
  expect(await take()).toMatchObject({ isTaken: true });
});

test('a block is never made shorter, and is waited for by the patient', async () => {
  const { governor, pass } = build('2026-11-23T10:00:00Z');
  await governor.block('a', 5_000);
  await governor.block('a', 1_000);
  expect(await governor.take('a', {}, 4_999)).toEqual({ isTaken: false, waitMs: 5_000, why: 'blocked' });
  expect(await governor.take('a', {}, 5_000)).toEqual({ isTaken: true, waitMs: 5_000, why: 'blocked' });
  pass(5_000);
  expect(await governor.blockedMs('a')).toBe(0);
});
