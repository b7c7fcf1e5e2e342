import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createIds, systemClock } from '@socmate/runtime';
import { anEndpoint, aProvider, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createPool, type Pool } from './pool.ts';
import { createSyncEndings, type SyncEndings } from './sync-endings.ts';

const error = { code: 'unavailable', message: 'Azure does not answer' };
let database: TestDatabase;
let pool: Pool;
let endings: SyncEndings;
let endpointId: string;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
  endings = createSyncEndings(pool, { ids: createIds(), clock: systemClock });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider, webhook_endpoint, event CASCADE');
  const event_types = ['provider-unhealthy', 'provider-recovered'];
  endpointId = (await anEndpoint(pool, { event_types })).id;
});

const inDays = (days: number): Date => new Date(Date.now() + days * 86_400_000);

/** Ends a sync of a workspace; answers the endpoints to wake. */
async function end(providerId: string, how: 'succeed' | 'fail', only: Partial<typeof error> = {}) {
  await pool.query(`UPDATE siem_provider SET sync_owner = 'wrk_1' WHERE id = $1`, [providerId]);
  const claim = { owner: 'wrk_1', providerId };
  return how === 'succeed'
    ? endings.succeed(claim, { watermark: undefined, problem: null, reconcileInS: 3_600 })
    : endings.fail(claim, { error: { ...error, ...only }, retryInS: 60 });
}

async function told(): Promise<{ type: string; data: Record<string, unknown> }[]> {
  const { rows } = await pool.query('SELECT body FROM event ORDER BY id');
  return rows.map(({ body }) => JSON.parse(String(body)));
}
const types = async (): Promise<string[]> => (await told()).map(({ type }) => type);

test('the third failure in a row is told once, and the first success after it', async () => {
  const { id, name } = await aProvider(pool, { last_synced_at: new Date('2026-11-22T08:00:00Z') });
  for (const code of ['first', 'second']) expect(await end(id, 'fail', { code })).toEqual([]);
  expect(await end(id, 'fail')).toEqual([endpointId]);
  expect(await end(id, 'fail', { code: 'fourth' })).toEqual([]);
  const [unhealthy] = await told();
  const data = { provider: name, error, failing_since: expect.any(String) };
  expect(unhealthy).toMatchObject({
    type: 'provider-unhealthy',
    data: { ...data, last_success_at: '2026-11-22T08:00:00.000Z' },
  });
  expect(await end(id, 'succeed')).toEqual([endpointId]);
  expect(await end(id, 'succeed')).toEqual([]);
  const [, recovered] = await told();
  const { rows } = await pool.query('SELECT last_synced_at, failing_since, unhealthy FROM siem_provider');
  expect(rows[0]).toMatchObject({ failing_since: null, unhealthy: null });
  expect(recovered!.data['failing_since']).toBe(unhealthy!.data['failing_since']);
  expect(Date.parse(String(recovered!.data['last_success_at']))).toBeGreaterThan(Date.now() - 60_000);
});

test('two failures and a success are nobody’s business, and the count begins anew', async () => {
  const { id } = await aProvider(pool);
  for (const how of ['fail', 'fail', 'succeed', 'fail', 'fail', 'succeed'] as const) await end(id, how);
  expect(await told()).toEqual([]);
});

test('a workspace that fails again later is told of again', async () => {
  const { id } = await aProvider(pool);
  for (let time = 0; time < 2; time += 1)
    for (const how of ['fail', 'fail', 'fail', 'succeed'] as const) await end(id, how);
  const once = ['provider-unhealthy', 'provider-recovered'];
  expect(await types()).toEqual([...once, ...once]);
});

test('a credential is told of once when it ends within 14 days, and when it was replaced', async () => {
  const { id } = await aProvider(pool, { credential_expires_at: inDays(14.1) });
  await end(id, 'succeed');
  expect(await told()).toEqual([]);
  await pool.query('UPDATE siem_provider SET credential_expires_at = $1', [inDays(13.9)]);
  for (let sync = 0; sync < 3; sync += 1) await end(id, 'succeed');
  expect(await types()).toEqual(['provider-unhealthy']);
  expect((await told())[0]!.data['error']).toMatchObject({ code: 'credential_ending' });
  await pool.query('UPDATE siem_provider SET credential_expires_at = $1', [inDays(365)]);
  await end(id, 'fail');
  expect(await types()).toHaveLength(1);
  await end(id, 'succeed');
  expect(await types()).toEqual(['provider-unhealthy', 'provider-recovered']);
});

test('a credential that was told of and then ends is told of by the syncs that fail', async () => {
  const { id } = await aProvider(pool, { credential_expires_at: inDays(1) });
  for (const how of ['succeed', 'fail', 'fail', 'fail', 'fail'] as const) await end(id, how);
  expect((await told()).map(({ data }) => (data['error'] as typeof error).code)).toEqual([
    'credential_ending',
    'unavailable',
  ]);
});

test('an end under a lost claim changes nothing and tells nobody', async () => {
  const { id } = await aProvider(pool, { consecutive_failures: 2, sync_owner: 'wrk_2' });
  const claim = { owner: 'wrk_1', providerId: id };
  expect(await endings.fail(claim, { error, retryInS: 1 })).toEqual([]);
  expect(await told()).toEqual([]);
});

test('only endpoints that opted in, for this workspace, are told', async () => {
  const other = ['incident-alert'];
  await anEndpoint(pool, { event_types: other });
  await anEndpoint(pool, { event_types: ['provider-unhealthy'], providers: ['elsewhere'] });
  const { id, name } = await aProvider(pool, { consecutive_failures: 2 });
  const mine = await anEndpoint(pool, { event_types: ['provider-unhealthy'], providers: [name] });
  expect((await end(id, 'fail')).toSorted()).toEqual([endpointId, mine.id].toSorted());
});
