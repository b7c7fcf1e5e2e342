import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createIds } from '@socmate/runtime';
import { anIncident, aProvider, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createIncidentDetails, type DetailsClaim, type IncidentDetailsQueue } from './incident-details.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
let details: IncidentDetailsQueue;
let providerId: string;
beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 10, name: 'test' });
  details = createIncidentDetails(pool, createIds());
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider CASCADE');
  providerId = (await aProvider(pool)).id;
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const aDue = (only: Record<string, unknown> = {}) =>
  anIncident(pool, { provider_id: providerId, details_due_at: new Date(0), ...only });
const alert = (systemAlertId: string, version = 1) => ({
  systemAlertId,
  raw: { name: systemAlertId, version },
});
const read = (
  claim: DetailsClaim | undefined,
  alerts: ReturnType<typeof alert>[],
  entities: unknown[] = [],
) => ({
  claim: claim!,
  alerts,
  entities,
});
const links = async () => {
  const { rows } = await pool.query(`SELECT i.id, array_agg(a.system_alert_id ORDER BY 1) AS alerts
    FROM incident_alert AS ia JOIN incident AS i ON i.id = ia.incident_id JOIN alert AS a ON a.id = ia.alert_id GROUP BY i.id`);
  return Object.fromEntries(rows.map(({ id, alerts }) => [id, alerts]));
};
const makeDue = () => pool.query('UPDATE incident SET details_due_at = now()');

test('the worst come first, then the newest, and many claimers share without overlap', async () => {
  const old = new Date('2026-01-01');
  const newest = new Date();
  const low = await aDue({ severity: 'low', last_modified_at: newest });
  const oldHigh = await aDue({ severity: 'high', last_modified_at: old });
  const medium = await aDue({ severity: 'medium', last_modified_at: newest });
  const newHigh = await aDue({ severity: 'high', last_modified_at: newest });
  const idsOf = (claims: DetailsClaim[]) => new Set(claims.map(({ incidentId }) => incidentId));
  expect(idsOf(await details.claim(providerId, 1))).toEqual(new Set([newHigh.id]));
  expect(idsOf(await details.claim(providerId, 1))).toEqual(new Set([oldHigh.id]));
  const rest = await Promise.all([1, 2, 3].map(() => details.claim(providerId, 2)));
  expect(rest.flat()).toHaveLength(2);
  expect(idsOf(rest.flat())).toEqual(new Set([medium.id, low.id]));
});

test('the alerts of an incident are replaced as a set, so that one that moved is with its new incident only', async () => {
  const a = await aDue();
  const b = await aDue();
  const first = await details.claim(providerId, 5);
  const of = (claims: DetailsClaim[], id: string) => claims.find(({ incidentId }) => incidentId === id);
  await details.store(providerId, [
    read(of(first, a.id), [alert('x'), alert('y')]),
    read(of(first, b.id), []),
  ]);
  expect(await links()).toEqual({ [a.id]: ['x', 'y'] });
  await makeDue();
  const second = await details.claim(providerId, 5);
  const moved = [read(of(second, a.id), [alert('x')]), read(of(second, b.id), [alert('y'), alert('z')])];
  expect(await details.store(providerId, moved)).toBe(2);
  expect(await links()).toEqual({ [a.id]: ['x'], [b.id]: ['y', 'z'] });
});

test('a changed alert changes its incident for readers, the same again does not', async () => {
  await aDue();
  const stored: number[] = [];
  for (const version of [1, 1, 2]) {
    await makeDue();
    const [claim] = await details.claim(providerId, 1);
    stored.push(await details.store(providerId, [read(claim, [alert('x', version)], [{ kind: 'Ip' }])]));
  }
  expect(stored).toEqual([1, 0, 1]);
});

test('an incident that changed while it was read stays due', async () => {
  await aDue();
  const [claim] = await details.claim(providerId, 1);
  await makeDue();
  await details.store(providerId, [read(claim, [])]);
  await details.putOff([claim!]);
  expect(await details.claim(providerId, 1)).toHaveLength(1);
});

test('what could not be read waits longer the older it is; what was not tried is due at once', async () => {
  const fresh = await aDue();
  const old = await aDue({ synced_at: new Date(Date.now() - 3_600_000) });
  const ancient = await aDue({ synced_at: new Date(0) });
  await details.putOff(await details.claim(providerId, 5));
  const { rows } = await pool.query(
    'SELECT id, round(extract(epoch FROM details_due_at - now()) / 60)::int AS minutes FROM incident',
  );
  expect(Object.fromEntries(rows.map(({ id, minutes }) => [id, minutes]))).toEqual({
    [fresh.id]: 1,
    [old.id]: 60,
    [ancient.id]: 360,
  });
  await makeDue();
  const claims = await details.claim(providerId, 5);
  expect(await details.claim(providerId, 5)).toEqual([]);
  await details.putBack(claims);
  expect(await details.claim(providerId, 5)).toHaveLength(3);
});

test('workspaces without anything due, disabled, deleted or failing are left alone', async () => {
  expect(await details.dueProviders()).toEqual([]);
  await aDue();
  for (const only of [{ enabled: false }, { deleted_at: new Date() }, { consecutive_failures: 1 }]) {
    const other = await aProvider(pool, only);
    await aDue({ provider_id: other.id });
  }
  expect((await details.dueProviders()).map(({ id }) => id)).toEqual([providerId]);
});

test('what has not all appeared is asked for again, ever later, until it is there or the incident is old', async () => {
  const recent = await aDue({ alerts_count: 2, last_modified_at: new Date() });
  const old = await aDue({ alerts_count: 2, last_modified_at: new Date(Date.now() - 2 * 86_400_000) });
  const waits = async () => {
    const { rows } = await pool.query(
      'SELECT id, round(extract(epoch FROM details_due_at - now()) / 60)::int AS minutes FROM incident',
    );
    return Object.fromEntries(rows.map(({ id, minutes }) => [id, minutes]));
  };
  const readAgain = async (alerts: string[], entities: unknown[]) => {
    await makeDue();
    const claims = await details.claim(providerId, 5);
    const found = claims.map((claim) =>
      read(
        claim,
        alerts.map((id) => alert(`${claim.incidentId} ${id}`)),
        entities,
      ),
    );
    await details.store(providerId, found);
    return waits();
  };
  expect(await readAgain(['x'], [{ kind: 'Ip' }])).toEqual({ [recent.id]: 1, [old.id]: null });
  expect(await readAgain(['x', 'y'], [])).toEqual({ [recent.id]: 2, [old.id]: null });
  expect(await readAgain(['x', 'y'], [])).toEqual({ [recent.id]: 4, [old.id]: null });
  expect(await readAgain(['x', 'y'], [{ kind: 'Ip' }])).toEqual({ [recent.id]: null, [old.id]: null });
  expect(await readAgain([], [])).toEqual({ [recent.id]: 1, [old.id]: null });
});
