import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createIds, systemClock } from '@socmate/runtime';
import { anIncident, aProvider, cloneDatabase, type TestDatabase, until } from '@socmate/testing';
import { anEntity, clearEntities } from './entity-store-fixture.ts';
import { createIncidentDetails } from './incident-details.ts';
import { createIncidentPages, type IncidentRow } from './incident-pages.ts';
import { createIncidentReadings, type ReadIncident, type ReadingClaim } from './incident-readings.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
let providerId: string;
const ids = createIds();

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 6, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider CASCADE');
  await clearEntities(pool);
  ({ id: providerId } = await aProvider(pool));
});

const readings = () => createIncidentReadings(pool);

async function aDue(only: Record<string, unknown> = {}, age = '0 s'): Promise<string> {
  const { id } = await anIncident(pool, { provider_id: providerId, ...only });
  await pool.query(`INSERT INTO incident_reading (incident_id, due_at) VALUES ($1, now() - $2::interval)`, [
    id,
    age,
  ]);
  return id;
}

const state = async (id: string) =>
  (await pool.query('SELECT *, due_at - now() AS wait FROM incident_reading WHERE incident_id = $1', [id]))
    .rows[0];

const readOf = (claim: ReadingClaim, only: Partial<ReadIncident> = {}): ReadIncident => ({
  claim,
  incidentId: claim.incidentId,
  firstSeen: new Date('2026-11-01T00:00:00Z'),
  lastSeen: new Date('2026-11-02T00:00:00Z'),
  entities: [anEntity(['ip:45.155.205.20'])],
  relations: [],
  techniques: ['T1110'],
  unread: [{ reason: 'unknown_kind', kind: 'iot-device', count: 1 }],
  ...only,
});

const fromSentinel = (only: Partial<IncidentRow>): IncidentRow => ({
  sentinelName: 'name-1',
  number: 1,
  title: 'Password spray',
  description: '',
  severity: 'medium',
  status: 'new',
  classification: null,
  classificationReason: null,
  classificationComment: null,
  owner: null,
  labels: [],
  tactics: [],
  techniques: [],
  alertsCount: 0,
  providerName: null,
  providerIncidentId: null,
  incidentUrl: null,
  mergedInto: null,
  commentsCount: 0,
  createdAt: '2026-11-22T10:00:00Z',
  lastModifiedAt: '2026-11-22T10:00:00Z',
  firstActivityAt: null,
  lastActivityAt: null,
  etag: '"1"',
  raw: {},
  ...only,
});

const storePage = (incidents: readonly IncidentRow[]) =>
  createIncidentPages(pool, { ids, clock: systemClock }).store({
    providerId,
    incidents,
    alertsFor: () => [],
    traceparent: undefined,
  });

const dueIds = async () =>
  (await pool.query('SELECT incident_id FROM incident_reading WHERE due_at <= now() ORDER BY 1')).rows.map(
    (row) => row.incident_id as string,
  );
const settleAll = () => pool.query('UPDATE incident_reading SET due_at = NULL');

test('what became due last comes first, and many claimers share without overlap', async () => {
  const [old, older, fresh] = [await aDue({}, '1 day'), await aDue({}, '2 days'), await aDue()];
  expect((await readings().claim(1)).map(({ incidentId }) => incidentId)).toEqual([fresh]);
  const rest = await Promise.all([1, 2, 3].map(() => readings().claim(1)));
  expect(new Set(rest.flat().map(({ incidentId }) => incidentId))).toEqual(new Set([old, older]));
  expect(await readings().claim(5)).toEqual([]);
});

test('it loads the incident with its alerts and the times of its activity', async () => {
  const id = await aDue({
    title: 'Beacon',
    entities: JSON.stringify([{ kind: 'Ip' }]),
    created_at: '2026-11-05T00:00:00Z',
    first_activity_at: '2026-11-01T00:00:00Z',
    last_activity_at: '2026-11-03T00:00:00Z',
  });
  await pool.query(
    `INSERT INTO alert (id, provider_id, system_alert_id, raw) VALUES ('alr_1', $1, 'x', '{"n": 1}')`,
    [providerId],
  );
  await pool.query(`INSERT INTO incident_alert VALUES ($1, 'alr_1')`, [id]);
  expect(await readings().load(await readings().claim(1))).toMatchObject([
    {
      incidentId: id,
      providerId,
      title: 'Beacon',
      entities: [{ kind: 'Ip' }],
      alerts: [{ n: 1 }],
      firstSeen: new Date('2026-11-01T00:00:00Z'),
      lastSeen: new Date('2026-11-05T00:00:00Z'),
    },
  ]);
});

test('what was read is stored with its techniques and is due no more', async () => {
  const id = await aDue();
  const [claim] = await readings().claim(1);
  expect(await readings().isDue(id)).toBe(true);
  await readings().store([readOf(claim!)]);
  expect(await readings().isDue(id)).toBe(false);
  expect(await state(id)).toMatchObject({
    due_at: null,
    read_at: expect.any(Date),
    techniques: ['T1110'],
    unread: [{ reason: 'unknown_kind', kind: 'iot-device', count: 1 }],
  });
  expect((await pool.query('SELECT kind, ref FROM graph_change')).rows).toEqual([
    { kind: 'incident', ref: id },
  ]);
});

test('an incident that changed while it was read stays due, and so does one that another worker claimed', async () => {
  const [changed, taken] = [await aDue({ sentinel_name: 'name-7', number: 7_000 }, '1 s'), await aDue()];
  const claims = await readings().claim(2);
  const claimOf = (id: string) => claims.find(({ incidentId }) => incidentId === id)!;
  await storePage([
    fromSentinel({ sentinelName: 'name-7', number: 7_000, lastModifiedAt: '2100-01-01T00:00:00Z' }),
  ]);
  await pool.query('UPDATE incident_reading SET due_at = now() WHERE incident_id = $1', [taken]);
  const [second] = await readings().claimOne(taken);
  await readings().store([readOf(claimOf(taken), { techniques: [] }), readOf(claimOf(changed))]);
  expect(await dueIds()).toEqual([changed]);
  expect(await state(taken)).toMatchObject({ read_at: null });
  await readings().store([readOf(second!)]);
  expect(await state(taken)).toMatchObject({ techniques: ['T1110'], due_at: null });
});

test('what could not be read waits longer the older it is; what was not tried is due at once', async () => {
  const [fresh, ancient] = [await aDue(), await aDue({ synced_at: new Date(0) })];
  const claims = await readings().claim(2);
  await readings().putOff(claims);
  const minutes = async (id: string) =>
    ((await state(id)).wait.minutes ?? 0) + ((await state(id)).wait.hours ?? 0) * 60;
  expect(await minutes(fresh)).toBeLessThanOrEqual(1);
  expect(await minutes(ancient)).toBeGreaterThan(300);
  await readings().putBack(claims);
  expect(new Set(await dueIds())).toEqual(new Set([fresh, ancient]));
  await pool.query(`UPDATE incident_reading SET due_at = now() - interval '5 s' WHERE incident_id = $1`, [
    fresh,
  ]);
  expect(Math.round((await readings().lagMs()) / 1_000)).toBe(5);
});

test('a page makes the incidents that it changed due, and no other', async () => {
  const page = [fromSentinel({}), fromSentinel({ sentinelName: 'name-2', number: 2 })];
  await storePage(page);
  expect(await dueIds()).toHaveLength(2);
  await settleAll();
  await storePage(page);
  expect(await dueIds()).toEqual([]);
  await storePage([fromSentinel({ title: 'Renamed', lastModifiedAt: '2026-11-22T11:00:00Z' }), page[1]!]);
  expect(await dueIds()).toHaveLength(1);
});

const changeSeq = async (id: string) =>
  (await pool.query('SELECT change_seq::text FROM incident WHERE id = $1', [id])).rows[0].change_seq;

test('an incident that names more than it did has changed for readers, and one that names the same has not', async () => {
  const id = await aDue();
  const seen: string[] = [await changeSeq(id)];
  for (const entities of [['ip:45.155.205.20'], ['ip:45.155.205.20'], ['ip:45.155.205.21']]) {
    await pool.query('UPDATE incident_reading SET due_at = now()');
    const [claim] = await readings().claim(1);
    await readings().store([readOf(claim!, { entities: entities.map((key) => anEntity([key])) })]);
    seen.push(await changeSeq(id));
  }
  expect([seen[0] === seen[1], seen[1] === seen[2], seen[2] === seen[3]]).toEqual([false, true, false]);
});

test('the first reading of what was stored before entities were read is no change', async () => {
  const id = await aDue();
  await pool.query('UPDATE incident_reading SET version = -1');
  const before = await changeSeq(id);
  const [claim] = await readings().claim(1);
  await readings().store([readOf(claim!)]);
  expect(await changeSeq(id)).toBe(before);
});

test('several incidents of which one is being changed are stored one by one, and all have changed', async () => {
  const all = [await aDue(), await aDue(), await aDue()];
  const before = await Promise.all(all.map(changeSeq));
  const claims = await readings().claim(3);
  const holder = await pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM incident WHERE id = $1 FOR UPDATE', [all[1]]);
  const stored = readings().store(claims.map((claim) => readOf(claim)));
  await until('it waits for the incident', async () => {
    const { rows } = await pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  });
  await holder.query('COMMIT');
  holder.release();
  await stored;
  const after = await Promise.all(all.map(changeSeq));
  expect(after.filter((seq, at) => seq === before[at])).toEqual([]);
  expect(await dueIds()).toEqual([]);
});

test('details make an incident due where they changed', async () => {
  const details = createIncidentDetails(pool, ids);
  const { id } = await anIncident(pool, { provider_id: providerId, details_due_at: new Date(0) });
  const storeAgain = async () => {
    await pool.query('UPDATE incident SET details_due_at = now()');
    const [claim] = await details.claim(providerId, 1);
    await details.store(providerId, [{ claim: claim!, alerts: [], entities: [{ kind: 'Ip' }] }]);
  };
  await storeAgain();
  expect(await dueIds()).toEqual([id]);
  await settleAll();
  await storeAgain();
  expect(await dueIds()).toEqual([]);
});

test('sync and readers that work on the same incidents never end in a deadlock', async () => {
  const incidents = Array.from({ length: 30 }, (_, number) =>
    fromSentinel({ sentinelName: `name-${number}`, number: number + 1 }),
  );
  await storePage(incidents);
  const syncing = async () => {
    for (let round = 1; round <= 6; round += 1) {
      const lastModifiedAt = `2026-11-23T1${round}:00:00Z`;
      await storePage(incidents.map((incident) => ({ ...incident, lastModifiedAt })));
    }
  };
  let isOver = false;
  const reading = async (): Promise<void> => {
    for (;;) {
      const claims = await readings().claim(10);
      if (claims.length === 0 && isOver) return;
      await readings().store(claims.map((claim) => readOf(claim)));
    }
  };
  const readers = Promise.all([reading(), reading()]);
  await syncing().finally(() => {
    isOver = true;
  });
  await readers;
  expect(await dueIds()).toEqual([]);
  expect((await pool.query('SELECT count(*) AS total FROM incident_entity')).rows).toEqual([{ total: 30 }]);
});
