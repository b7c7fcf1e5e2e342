import { beforeEach, expect, test } from '@jest/globals';
import { createIds, systemClock } from '@socmate/runtime';
import { anEndpoint } from '@socmate/testing';
import { endStorms } from './alert-storms.ts';
import { type NewEvent, publishEvents } from './event-publishing.ts';
import { createHeldBack } from './held-back.ts';
import { transaction } from './pool.ts';
import { openTestPool } from './pool-fixture.ts';

const making = { ids: createIds(), clock: systemClock };
const pool = await openTestPool(12);
let caused = 0;
beforeEach(() => pool.query('TRUNCATE webhook_endpoint, event CASCADE'));

const anAlert = (rule = 'r1', only: Partial<NewEvent> = {}): NewEvent => {
  caused += 1;
  const incident = { title: `Spray ${caused}`, rules: [rule], products: [], labels: [], tactics: [] };
  return {
    type: 'incident-alert',
    causeKey: `cause-${caused}`,
    providerId: null,
    traits: {
      type: 'incident-alert',
      reason: 'new',
      severity: 'medium',
      previousSeverity: null,
      provider: 'prod',
      incident,
    },
    data: { incident },
    ...only,
  };
};
const alerts = (count: number, rule?: string): NewEvent[] =>
  Array.from({ length: count }, () => anAlert(rule));
const publish = (...events: NewEvent[]): Promise<string[]> =>
  transaction(pool, (db) => publishEvents(db, making, events, undefined));
const deliveriesOf = async (endpointId: string): Promise<number> =>
  (await pool.query('SELECT FROM delivery WHERE endpoint_id = $1', [endpointId])).rowCount ?? 0;
const windowsEnd = () => pool.query(`UPDATE alert_storm SET started_at = started_at - interval '5 minutes'`);
const bodies = async (): Promise<{ data: Record<string, unknown> }[]> => {
  const { rows } = await pool.query(`SELECT body FROM event WHERE cause_key LIKE 'storm:%' ORDER BY id`);
  return rows.map(({ body }) => JSON.parse((body as Buffer).toString()));
};

test('more than the threshold of one rule is held back, whatever transactions it comes in', async () => {
  const { id } = await anEndpoint(pool, { storm_threshold: 3 });
  expect(await publish(...alerts(2))).toEqual([id]);
  expect(await publish(...alerts(4))).toEqual([id]);
  expect(await publish(anAlert())).toEqual([]);
  expect(await deliveriesOf(id)).toBe(3);
  expect(await publish(anAlert('r2'))).toEqual([id]);
  expect(await createHeldBack(pool).count(id, 100)).toBe(4);
});

test('alerts that are published at the same time are counted exactly', async () => {
  const [one, other] = await Promise.all([
    anEndpoint(pool, { storm_threshold: 5 }),
    anEndpoint(pool, { storm_threshold: 7 }),
  ]);
  await Promise.all(
    Array.from({ length: 10 }, (_, index) => publish(...alerts(2, index % 2 ? 'r1' : 'r2'), anAlert('r3'))),
  );
  expect(await deliveriesOf(one.id)).toBe(15);
  expect(await deliveriesOf(other.id)).toBe(21);
  const { rows } = await pool.query('SELECT count(*) FROM held_back');
  expect(rows[0].count).toBe(15 + 9);
});

test('what a transaction that began before the storm holds back is of that storm, and told at its end', async () => {
  const { id } = await anEndpoint(pool, { storm_threshold: 2 });
  await transaction(pool, async (early) => {
    expect(await publish(...alerts(2))).toEqual([id]);
    expect(await publishEvents(early, making, [anAlert()], undefined)).toEqual([]);
  });
  expect(await deliveriesOf(id)).toBe(2);
  await windowsEnd();
  expect(await endStorms(pool, making)).toEqual([id]);
  expect(await bodies()).toMatchObject([{ data: { suppressed_count: 1 } }]);
});

test('endpoints without a threshold get every alert', async () => {
  const { id } = await anEndpoint(pool);
  await publish(...alerts(50));
  expect(await deliveriesOf(id)).toBe(50);
});

test('a cause that was published before is not counted again', async () => {
  const { id } = await anEndpoint(pool, { storm_threshold: 2 });
  const event = anAlert();
  for (let n = 0; n < 5; n += 1) await publish(event);
  await publish(anAlert());
  expect(await deliveriesOf(id)).toBe(2);
});

test('when its five minutes are over, one event tells how many were held back', async () => {
  const { id } = await anEndpoint(pool, { storm_threshold: 2 });
  await publish(...alerts(6));
  expect(await endStorms(pool, making)).toEqual([]);
  await windowsEnd();
  expect((await Promise.all([endStorms(pool, making), endStorms(pool, making)])).flat()).toEqual([id]);
  expect(await deliveriesOf(id)).toBe(3);
  expect(await bodies()).toMatchObject([
    { type: 'incident-alert', data: { suppressed_count: 4, incident: { title: `Spray ${caused}` } } },
  ]);
  const { items } = await createHeldBack(pool).list(id, { limit: 100, offset: 0 });
  expect(items).toHaveLength(4);
  expect(new Set(items.map(({ summary_event_id }) => summary_event_id)).size).toBe(1);
  expect(items[0]).toMatchObject({ reason: 'storm', rule: 'rule:r1', event_type: 'incident-alert' });
});

test('a storm that goes on is told window by window, though no timer comes between', async () => {
  const { id } = await anEndpoint(pool, { storm_threshold: 2 });
  for (let window = 0; window < 3; window += 1) {
    await publish(...alerts(5));
    await windowsEnd();
  }
  expect((await bodies()).map(({ data }) => data['suppressed_count'])).toEqual([3, 3]);
  expect(await endStorms(pool, making)).toEqual([id]);
  expect(await deliveriesOf(id)).toBe(3 * 2 + 3);
});

test('a window begins with the first alert after the last one ended, which is told then', async () => {
  const { id } = await anEndpoint(pool, { storm_threshold: 1 });
  await publish(...alerts(3));
  await windowsEnd();
  await publish(...alerts(2));
  expect(await deliveriesOf(id)).toBe(3);
  await windowsEnd();
  await endStorms(pool, making);
  expect((await bodies()).map(({ data }) => data['suppressed_count'])).toEqual([2, 1]);
});

test('a rule that stayed below the threshold is told of by nothing', async () => {
  await anEndpoint(pool, { storm_threshold: 5 });
  await publish(...alerts(5));
  await windowsEnd();
  expect(await endStorms(pool, making)).toEqual([]);
  expect(await bodies()).toEqual([]);
  expect((await pool.query('SELECT FROM alert_storm')).rowCount).toBe(0);
});

test('a deleted endpoint is told of no storm', async () => {
  const { id } = await anEndpoint(pool, { storm_threshold: 1 });
  await publish(...alerts(3));
  await windowsEnd();
  await pool.query('UPDATE webhook_endpoint SET enabled = false, deleted_at = now() WHERE id = $1', [id]);
  expect(await endStorms(pool, making)).toEqual([]);
  expect(await deliveriesOf(id)).toBe(1);
});

test('a transaction that is rolled back counts nothing', async () => {
  const { id } = await anEndpoint(pool, { storm_threshold: 1 });
  const failing = transaction(pool, async (db) => {
    await publishEvents(db, making, alerts(3), undefined);
    throw new Error('undone');
  });
  await expect(failing).rejects.toThrow('undone');
  await publish(anAlert());
  expect(await deliveriesOf(id)).toBe(1);
});

test('what a mute window keeps back is listed, newest first, and is neither sent nor counted as a storm', async () => {
  const window = { from: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' };
  const { id } = await anEndpoint(pool, { mute_windows: JSON.stringify([window]), storm_threshold: 1 });
  const { id: awake } = await anEndpoint(pool);
  for (const event of alerts(3)) expect(await publish(event)).toEqual([awake]);
  const heldBack = createHeldBack(pool);
  const first = await heldBack.list(id, { limit: 2, offset: 0 });
  const rest = await heldBack.list(id, { limit: 2, offset: 0, after: first.next ?? undefined });
  expect([first.items.length, rest.items.length, rest.next]).toEqual([2, 1, null]);
  expect(first.items[0]).toMatchObject({ reason: 'muted', rule: null, summary_event_id: null });
  const { rows } = await pool.query('SELECT id FROM event ORDER BY id DESC');
  expect([...first.items, ...rest.items].map(({ event_id }) => event_id)).toEqual(rows.map((row) => row.id));
  expect((await pool.query('SELECT FROM alert_storm')).rowCount).toBe(0);
});

test('what was held back goes with its event', async () => {
  await anEndpoint(pool, { storm_threshold: 1 });
  await publish(...alerts(2));
  await pool.query('DELETE FROM delivery');
  await pool.query('DELETE FROM event');
  expect((await pool.query('SELECT FROM held_back')).rowCount).toBe(0);
});
