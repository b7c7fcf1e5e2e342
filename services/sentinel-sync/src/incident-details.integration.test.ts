import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

let fixture: SyncFixture;
beforeAll(async () => {
  fixture = await openSyncFixture();
});
afterEach(() => fixture.clean());
afterAll(() => fixture.close());

const settled = (): Promise<unknown> =>
  until('all details are read', async () => {
    const [row] = await fixture.rows(
      'SELECT count(*)::int AS all, count(*) FILTER (WHERE details_due_at IS NULL)::int AS done FROM incident',
    );
    return Number(row?.['all']) > 0 && row?.['all'] === row?.['done'];
  });
const reads = async (): Promise<number> =>
  (await fixture.control.requests()).filter(({ path }) => /\/(alerts|entities)(\?|$)/.test(path)).length;

test('alerts and entities of the real samples are stored whole', async () => {
  await fixture.connect({ first_window: 'P10Y' }, 'sample-rest');
  await fixture.start();
  await settled();
  const found = await fixture.rows(`SELECT i.number, jsonb_array_length(i.entities) AS entities,
    (SELECT count(*)::int FROM incident_alert WHERE incident_id = i.id) AS alerts FROM incident AS i ORDER BY number`);
  expect(found).toEqual([
    { number: 5, entities: 241, alerts: 70 },
    { number: 34, entities: 40, alerts: 11 },
    { number: 38, entities: 23, alerts: 4 },
    { number: 55, entities: 149, alerts: 27 },
  ]);
});

test('replicas together stay within Azure’s quota, worst incidents first, and none is refused', async () => {
  await fixture.control.post('/generate', { incidents: 80, seed: 1 });
  const id = await fixture.connect();
  await Promise.all([fixture.start(), fixture.start()]);
  await fixture.synced(id);
  await until('the quota is used up', async () => (await reads()) >= 98);
  await fixture.closeReplicas();
  expect(await reads()).toBeLessThanOrEqual(100);
  const [row] = await fixture.rows('SELECT blocked_until FROM azure_quota');
  expect(row).toEqual({ blocked_until: null });
  const [{ worst, rest } = {}] = await fixture.rows(
    `SELECT min(array_position('{informational,low,medium,high}'::text[], severity)) FILTER (WHERE details_synced_at IS NOT NULL) AS worst,
      max(array_position('{informational,low,medium,high}'::text[], severity)) FILTER (WHERE details_synced_at IS NULL) AS rest FROM incident`,
  );
  expect(Number(worst)).toBeGreaterThanOrEqual(Number(rest));
});

test('nothing is read of an incident before it is stored and announced', async () => {
  await fixture.control.post('/generate', { incidents: 10, seed: 2 });
  await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 300 });
  await fixture.connect();
  await fixture.start();
  await settled();
  const order = (await fixture.control.requests()).map(({ path }) => path.split('?')[0]?.split('/').at(-1));
  const first = order.findIndex((name) => name === 'alerts' || name === 'entities');
  expect(order.indexOf('incidents')).toBeLessThan(first);
  const [row] = await fixture.rows(
    'SELECT bool_and(details_synced_at >= first_synced_at) AS after FROM incident',
  );
  expect(row).toEqual({ after: true });
});

test('one that cannot be read waits and keeps no other from being read; what Azure asks to wait holds for all', async () => {
  await fixture.control.post('/generate', { incidents: 4, seed: 3, severity: { High: 1 } });
  await fixture.control.post('/faults', { target: 'entities', kind: '500', count: 1 });
  const id = await fixture.connect();
  await fixture.start();
  await fixture.synced(id);
  await until('three are read', async () => {
    const [row] = await fixture.rows('SELECT count(details_synced_at)::int AS n FROM incident');
    return row?.['n'] === 3;
  });
  const [late] = await fixture.rows(
    `SELECT details_due_at > now() + interval '30 seconds' AS waits FROM incident WHERE details_synced_at IS NULL`,
  );
  expect(late).toEqual({ waits: true });
  await fixture.control.post('/faults', { target: 'entities', kind: '429', ms: 60_000 });
  await fixture.pool.query('UPDATE incident SET details_due_at = now()');
  await until('reads are blocked', async () => {
    const [row] = await fixture.rows(
      `SELECT blocked_until > now() + interval '30 seconds' AS blocked FROM azure_quota`,
    );
    return row?.['blocked'];
  });
});

test('an incident without alerts costs one read, and nothing is asked when nothing is due', async () => {
  await fixture.connect({ first_window: 'P10Y' }, 'sample-verbatim');
  await fixture.start();
  await settled();
  const [row] = await fixture.rows(
    'SELECT sum(CASE WHEN alerts_count = 0 THEN 1 ELSE 2 END)::int AS expected FROM incident',
  );
  expect(await reads()).toBe(row?.['expected']);
});

test('new details of a known incident are a change that readers see; the same again are none', async () => {
  await fixture.connect({ first_window: 'P10Y' }, 'sample-rest');
  await fixture.start();
  await settled();
  const seqs = () => fixture.rows('SELECT number, change_seq::text FROM incident ORDER BY number');
  const before = await seqs();
  await fixture.pool.query('UPDATE incident SET details_due_at = now()');
  await settled();
  expect(await seqs()).toEqual(before);
  await fixture.pool.query(
    `DELETE FROM incident_alert WHERE incident_id = (SELECT id FROM incident WHERE number = 38)`,
  );
  await fixture.pool.query('UPDATE incident SET details_due_at = now()');
  await settled();
  const after = await seqs();
  expect(after.filter((row, index) => row['change_seq'] !== before[index]?.['change_seq'])).toMatchObject([
    { number: 38 },
  ]);
});
