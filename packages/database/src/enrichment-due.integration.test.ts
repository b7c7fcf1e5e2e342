import { beforeEach, expect, test } from '@jest/globals';
import { anIncident, aProvider } from '@socmate/testing';
import { makeEnrichmentsDue } from './enrichment-due.ts';
import { createIntelligenceMemory } from './intelligence-memory.ts';
import { openTestPool } from './pool-fixture.ts';

const pool = await openTestPool(4);
let providerId: string;
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider, enrichment, entity, intelligence CASCADE');
  const connected_at = new Date(Date.now() - 3_600_000);
  ({ id: providerId } = await aProvider(pool, { connected_at }));
});

const read = { details_synced_at: new Date() };

async function anIncidentOf(only: Record<string, unknown>): Promise<string> {
  const { id } = await anIncident(pool, { provider_id: providerId, ...only });
  await makeEnrichmentsDue(pool, [id]);
  return id;
}

const row = async () =>
  (
    await pool.query(
      'SELECT *, greatest(0, extract(epoch FROM due_at - now()))::int AS wait_s FROM enrichment',
    )
  ).rows[0];
const finish = () =>
  pool.query(
    `UPDATE enrichment SET version = version + 1, due_at = NULL, status = 'idle', lease_owner = NULL`,
  );

test.each([
  ['of medium severity', 0, { severity: 'medium' }],
  ['of high severity', 0, { severity: 'high' }],
  ['of low severity', undefined, { severity: 'low' }],
  ['that is closed', undefined, { severity: 'high', status: 'closed' }],
  ['that was merged away', undefined, { severity: 'high', merged_into: 7 }],
  ['that is gone from Sentinel', undefined, { severity: 'high', deleted_in_sentinel_at: new Date() }],
  ['from before the connection', undefined, { severity: 'high', created_at: new Date('2026-01-01') }],
])('an incident %s is due in %s s', async (_, waitS, only) => {
  await anIncidentOf({ ...read, ...only });
  expect((await row())?.wait_s).toBe(waitS);
});

test('with the backlog wanted, what is older than the connection is due as well', async () => {
  await pool.query('UPDATE siem_provider SET alert_backlog = true');
  await anIncidentOf({ ...read, severity: 'high', created_at: new Date('2026-01-01') });
  expect(await row()).toMatchObject({ wait_s: 0 });
});

test('entities that Sentinel has not shown yet are waited for, a minute at most', async () => {
  const id = await anIncidentOf({ severity: 'high' });
  expect((await row()).wait_s).toBeGreaterThan(50);
  await pool.query('UPDATE incident SET details_synced_at = now()');
  await makeEnrichmentsDue(pool, [id]);
  expect((await row()).wait_s).toBe(0);
});

test('an incident that was enriched is due again when it rises or names more, and not before', async () => {
  const id = await anIncidentOf({ ...read, severity: 'medium' });
  await finish();
  await makeEnrichmentsDue(pool, [id]);
  expect((await row()).due_at).toBeNull();
  await pool.query(`UPDATE incident SET severity = 'high'`);
  await makeEnrichmentsDue(pool, [id]);
  expect((await row()).wait_s).toBe(0);
  await finish();
  const { rows } = await pool.query(`INSERT INTO entity (key, type, value, strength, first_seen, last_seen)
    VALUES ('ip:45.155.205.20', 'ip', '45.155.205.20', 'strong', now(), now()) RETURNING id`);
  await pool.query(
    `INSERT INTO incident_entity (incident_id, entity_id, source, confidence, first_seen, last_seen)
     VALUES ($1, $2, 'sentinel', 1, now(), now())`,
    [id, rows[0].id],
  );
  await makeEnrichmentsDue(pool, [id]);
  expect((await row()).wait_s).toBe(0);
  await pool.query(`UPDATE enrichment SET verdicts = '{"ip:45.155.205.20": "unknown"}'`);
  await finish();
  await makeEnrichmentsDue(pool, [id]);
  expect((await row()).due_at).toBeNull();
});

test('what changes under a run makes it stale, and leaves it to its worker', async () => {
  const id = await anIncidentOf({ ...read, severity: 'medium' });
  await pool.query(`UPDATE enrichment SET status = 'running', run_id = 'enr_1', lease_owner = 'wrk_1'`);
  await makeEnrichmentsDue(pool, [id]);
  expect(await row()).toMatchObject({ status: 'running', is_stale: true, lease_owner: 'wrk_1' });
});

test('of the answers of a provider the newest is remembered, until nobody has believed it for long', async () => {
  const memory = createIntelligenceMemory(pool);
  const answer = (verdict: string, day: number) => ({
    provider: 'misp',
    entityKey: 'ip:45.155.205.20',
    answer: { verdict },
    fetchedAt: new Date(Date.UTC(2026, 0, day)),
    expiresAt: new Date(Date.UTC(2026, 0, day + 1)),
  });
  await memory.save(answer('malicious', 2));
  await memory.save(answer('unknown', 1));
  expect(await memory.load('ip:45.155.205.20')).toEqual([answer('malicious', 2)]);
  expect(await memory.forget(36_500)).toBe(0);
  expect(await memory.forget(1)).toBe(1);
});
