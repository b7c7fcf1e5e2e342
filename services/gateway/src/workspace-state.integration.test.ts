import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Simulator, startSimulator } from '@socmate/azure-simulator';
import { createPool, type Pool } from '@socmate/database';
import { aProvider, trustAuthority } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/admin/siem-providers';
let simulator: Simulator;
let gateway: GatewayUnderTest;
let pool: Pool;

beforeAll(async () => {
  simulator = await startSimulator({ isPopulated: false });
  trustAuthority(simulator.caPem);
  gateway = await startGatewayUnderTest({
    AZURE_AUTHORITY_HOST: simulator.url,
    AZURE_RESOURCE_MANAGER_URL: simulator.url,
  });
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
  await simulator.close();
});
beforeEach(() => pool.query('TRUNCATE siem_provider CASCADE'));

const get = async (id: string) => (await gateway.ask('GET', `${PATH}/${id}`)).json;
const sync = (id: string, body?: unknown) => gateway.ask('POST', `${PATH}/${id}/sync`, { body });
const skip = (id: string, number: number | null, minutesAgo: number) =>
  pool.query(
    `INSERT INTO skipped_incident (provider_id, sentinel_name, number, reason, first_seen_at)
     VALUES ($1, $2, $3, 'severity: is none', now() - make_interval(mins => $4))`,
    [id, `incident-${minutesAgo}`, number, minutesAgo],
  );

test('a new workspace changes nothing in Sentinel and is silent about what is closed, unless it is told otherwise', async () => {
  const { name, workspace_id, tenant_id, client_id, client_secret } = simulator.workspaces[0]!;
  const body = { name, workspace_id, tenant_id, client_id, client_secret };
  const { json } = await gateway.ask('POST', PATH, { body });
  expect(json).toMatchObject({ include_closed: false, allow_status_changes: false });
  const told = { include_closed: true, allow_status_changes: true };
  expect((await gateway.ask('PATCH', `${PATH}/${json.id}`, { body: told })).json).toMatchObject(told);
  const { json: audit } = await gateway.ask('GET', `/api/admin/audit-log?target_id=${json.id}`);
  expect(audit.items[0]).toMatchObject({
    action: 'siem_provider.updated',
    before: { include_closed: false, allow_status_changes: false },
    after: told,
  });
  await gateway.ask('DELETE', `${PATH}/${json.id}`);
  expect((await gateway.ask('POST', PATH, { body: { ...body, ...told } })).json).toMatchObject(told);
});

test('before its first sync a workspace says that there was none', async () => {
  const { id } = await aProvider(pool);
  expect(await get(id)).toMatchObject({
    watermark: null,
    last_synced_at: null,
    lag_s: null,
    last_error: null,
    last_reconciled_at: null,
    skipped_incidents: 0,
    skipped: [],
  });
});

test('a workspace says how far its sync is, and how long ago that was', async () => {
  const { id } = await aProvider(pool, { last_error: { code: 'unavailable', message: 'Azure is away' } });
  await pool.query(
    `UPDATE siem_provider SET watermark = '2026-03-01T12:00:00Z', last_reconciled_at = '2026-03-01T06:00:00Z',
       last_synced_at = now() - interval '90 seconds'`,
  );
  const seen = await get(id);
  expect(seen).toMatchObject({
    watermark: '2026-03-01T12:00:00.000Z',
    last_reconciled_at: '2026-03-01T06:00:00.000Z',
    last_synced_at: expect.stringMatching(/Z$/),
    last_error: { code: 'unavailable', message: 'Azure is away' },
  });
  expect(seen.lag_s).toBeGreaterThanOrEqual(90);
  expect(seen.lag_s).toBeLessThan(120);
  const { watermark, last_reconciled_at } = seen;
  expect((await gateway.ask('GET', PATH)).json.items[0]).toMatchObject({ watermark, last_reconciled_at });
});

test('what could not be stored is counted, and the newest of it is named with the reason', async () => {
  const { id } = await aProvider(pool);
  const other = await aProvider(pool);
  await skip(other.id, 1, 1);
  await skip(id, null, 1);
  for (let minutes = 2; minutes <= 12; minutes++) await skip(id, minutes, minutes);
  const { skipped_incidents, skipped } = await get(id);
  expect([skipped_incidents, skipped.length]).toEqual([12, 10]);
  expect(skipped.slice(0, 2)).toEqual([
    {
      sentinel_name: 'incident-1',
      number: null,
      reason: 'severity: is none',
      first_seen_at: expect.stringMatching(/Z$/),
      last_seen_at: expect.stringMatching(/Z$/),
    },
    expect.objectContaining({ number: 2 }),
  ]);
  const { items } = (await gateway.ask('GET', PATH)).json;
  const counts = items.map((item: { id: string; skipped_incidents: number }) => item.skipped_incidents);
  expect(counts.toSorted()).toEqual([1, 12]);
});

test('a sync reconciles only where that is asked for', async () => {
  const { id } = await aProvider(pool, { enabled: true });
  const later = `UPDATE siem_provider SET next_sync_at = now() + interval '1 hour', next_reconcile_at = now() + interval '1 hour'`;
  const due = async () => {
    const text =
      'SELECT next_sync_at <= now() AS sync, next_reconcile_at <= now() AS reconcile FROM siem_provider';
    return (await pool.query(text)).rows[0];
  };
  for (const body of [undefined, {}, { reconcile: false }]) {
    await pool.query(later);
    expect((await sync(id, body)).status).toBe(202);
    expect(await due()).toEqual({ sync: true, reconcile: false });
  }
  await pool.query(later);
  expect((await sync(id, { reconcile: true })).json).toEqual({ id, status: 'queued' });
  expect(await due()).toEqual({ sync: true, reconcile: true });
  const { json: audit } = await gateway.ask('GET', `/api/admin/audit-log?target_id=${id}`);
  expect(audit.items[0]).toMatchObject({
    action: 'siem_provider.sync_requested',
    after: { reconcile: true },
  });
});

test.each<[unknown, string[]]>([
  [{ reconcile: 'yes' }, ['body', 'reconcile']],
  [{ reconcil: true }, ['body', 'reconcil']],
  [[], ['body']],
])('a sync with %j is 422', async (body, loc) => {
  const { id } = await aProvider(pool);
  const { status, json } = await sync(id, body);
  expect([status, json.detail[0].loc]).toEqual([422, loc]);
});

test.each([{ include_closed: null }, { allow_status_changes: 'yes' }, { include_closed: 0 }])(
  'a patch by %j is 422 at that field',
  async (body) => {
    const { id } = await aProvider(pool);
    const { status, json } = await gateway.ask('PATCH', `${PATH}/${id}`, { body });
    expect([status, json.detail[0].loc]).toEqual([422, ['body', Object.keys(body)[0]]]);
  },
);
