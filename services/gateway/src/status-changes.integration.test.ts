import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, createStatusChangeQueue, type Pool, type StatusChangeEnd } from '@socmate/database';
import { anIncident, aProvider, until } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/incidents/7/status';
let gateway: GatewayUnderTest;
let pool: Pool;
let provider: { id: string; name: string };
let actor: string;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
  actor = (await gateway.keyWith(['incidents:act', 'incidents:read'])).apiKey;
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider, audit_log CASCADE');
  provider = await aProvider(pool, { name: 'prod', is_default: true, allow_status_changes: true });
  await anIncident(pool, { provider_id: provider.id, number: 7, etag: '"etag-1"' });
});

const NO_WAIT = { prefer: 'wait=0' };
const change = (
  body: unknown,
  more: { path?: string; key?: string; headers?: Record<string, string> } = {},
) => gateway.ask('POST', more.path ?? PATH, { key: actor, body, headers: NO_WAIT, ...more });
const stored = async () =>
  (await pool.query('SELECT * FROM status_change')).rows as Record<string, unknown>[];

/** What the worker writes when it has asked Azure. */
async function endAs(end: StatusChangeEnd): Promise<void> {
  const queue = createStatusChangeQueue(pool);
  const key = await until('a change is due', async () => (await queue.due(1))[0]?.key);
  const [claim] = await queue.claim('wrk_test', key, 1);
  expect(await queue.end('wrk_test', claim?.id ?? '', end)).toBe(true);
}

const CLOSE = {
  status: 'Closed',
  classification: 'false_positive',
  reason: 'inaccurate_data',
  comment: 'noise',
};
const STATE = { status: 'new', classification: null, reason: null, comment: null, owner: null };

test('a change that is not waited for is 202, and can be read', async () => {
  const { status, json, headers } = await change({ ...CLOSE, owner: 'jane@contoso.com' });
  expect([status, json]).toMatchObject([
    202,
    { change_id: expect.stringMatching(/^chg_/), status: 'pending' },
  ]);
  const [row] = await stored();
  expect(row).toMatchObject({
    id: json.change_id,
    requested: { ...CLOSE, status: 'closed', owner: 'jane@contoso.com' },
    basis: expect.objectContaining({ properties: {} }),
    status: 'pending',
  });
  const location = headers.get('location') ?? '';
  const read = await gateway.ask('GET', location, { key: actor });
  expect([read.status, read.json]).toEqual([200, json]);
  const { rows } = await pool.query('SELECT action, target_id, after FROM audit_log');
  expect(rows).toEqual([
    {
      action: 'status_change.requested',
      target_id: json.change_id,
      after: expect.objectContaining({ number: 7, provider: 'prod', status: 'closed' }),
    },
  ]);
});

test('a change that is made in time is 200 with its outcome', async () => {
  const after = { ...STATE, status: 'active' };
  const answered = change({ status: 'active' }, { headers: { prefer: 'wait=30' } });
  await endAs({ status: 'applied', before: STATE, after, error: null });
  expect(await answered).toMatchObject({
    status: 200,
    json: { status: 'applied', before: STATE, after, error: null, completed_at: expect.stringMatching(/Z$/) },
  });
});

test.each([
  [{ status: 'conflict', code: 'conflict', message: 'changed (severity)' }, 409, 'conflict'],
  [{ status: 'failed', code: 'forbidden', message: 'lacks the role' }, 403, 'forbidden'],
  [{ status: 'failed', code: 'not_found', message: 'no such incident' }, 502, 'upstream_error'],
  [{ status: 'failed', code: 'upstream_error', message: 'Azure refused' }, 502, 'upstream_error'],
] as const)('what Azure refuses is told: %j', async ({ status, ...error }, expected, code) => {
  const answered = change({ status: 'active' }, { headers: { prefer: 'wait=30' } });
  await endAs({ status, error });
  const { status: answer, json } = await answered;
  expect([answer, json]).toMatchObject([expected, { code, detail: expect.stringContaining(error.message) }]);
});

test('where the workspace does not allow it, the answer says how to', async () => {
  await pool.query('UPDATE siem_provider SET allow_status_changes = false');
  const { status, json } = await change({ status: 'active' });
  expect([status, json.detail]).toEqual([403, expect.stringContaining(`siem-providers/${provider.id}`)]);
  expect(await stored()).toEqual([]);
});

test('If-Match with another etag than Sentinel’s, as it was synced, changes nothing', async () => {
  const stale = await change({ status: 'active' }, { headers: { ...NO_WAIT, 'if-match': '"etag-0"' } });
  expect([stale.status, stale.json.detail]).toEqual([409, expect.stringContaining('sentinel.etag')]);
  expect(await stored()).toEqual([]);
  const fresh = await change({ status: 'active' }, { headers: { ...NO_WAIT, 'if-match': 'W/"etag-1"' } });
  expect(fresh.status).toBe(202);
});

test('one change at a time, and one for an Idempotency-Key', async () => {
  const headers = { ...NO_WAIT, 'idempotency-key': 'once' };
  const first = await change({ status: 'active' }, { headers });
  const busy = await change({ status: 'active' });
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([409, '5']);
  const again = await change({ status: 'active' }, { headers });
  expect(again).toMatchObject({ status: 202, json: first.json });
  expect(await stored()).toHaveLength(1);
});

test('an incident that is not there, or no longer, is not changed', async () => {
  expect((await change({ status: 'active' }, { path: '/api/v1/incidents/999/status' })).status).toBe(404);
  expect((await gateway.ask('GET', '/api/v1/incidents/7/status-changes/chg_none')).status).toBe(404);
  expect((await gateway.ask('GET', '/api/v1/incidents/999/status-changes/chg_none')).status).toBe(404);
  await pool.query('UPDATE incident SET deleted_in_sentinel_at = now()');
  expect((await change({ status: 'active' })).status).toBe(409);
});

test('of two workspaces with the same number the one that is named is changed', async () => {
  const other = await aProvider(pool, { name: 'other', allow_status_changes: true });
  const theirs = await anIncident(pool, { provider_id: other.id, number: 7 });
  const { json, headers } = await change({ status: 'active' }, { path: `${PATH}?provider=other` });
  expect(await stored()).toMatchObject([{ incident_id: theirs.id }]);
  const read = await gateway.ask('GET', headers.get('location') ?? '');
  expect(read.json).toMatchObject({ change_id: json.change_id, provider: 'other' });
  expect((await gateway.ask('GET', `/api/v1/incidents/7/status-changes/${json.change_id}`)).status).toBe(404);
});

test('who lacks the scope, or a credential, changes nothing', async () => {
  const { apiKey: writer } = await gateway.keyWith(['incidents:write']);
  expect((await change({ status: 'active' }, { key: writer })).status).toBe(403);
  expect((await gateway.ask('POST', PATH, { key: null, body: { status: 'active' } })).status).toBe(401);
  expect((await gateway.ask('GET', '/api/v1/incidents/7/status-changes/x', { key: writer })).status).toBe(
    403,
  );
});

test.each([
  ['no status', {}, ['body', 'status']],
  ['an unknown status', { status: 'solved' }, ['body', 'status']],
  ['closing without a classification', { status: 'closed' }, ['body', 'classification']],
  ['an unknown classification', { status: 'closed', classification: 'odd' }, ['body', 'classification']],
  [
    'a classification without closing',
    { status: 'active', classification: 'undetermined' },
    ['body', 'classification'],
  ],
  ['an unknown reason', { ...CLOSE, reason: 'because' }, ['body', 'reason']],
  ['a reason that does not fit', { ...CLOSE, reason: 'suspicious_activity' }, ['body', 'reason']],
  [
    'a reason for nothing',
    { status: 'closed', classification: 'undetermined', reason: 'inaccurate_data' },
    ['body', 'reason'],
  ],
  ['a comment without closing', { status: 'new', comment: 'a' }, ['body', 'comment']],
  ['an endless comment', { ...CLOSE, comment: 'x'.repeat(3_001) }, ['body', 'comment']],
  ['an owner that is nobody', { status: 'active', owner: 'jane' }, ['body', 'owner']],
  ['an unknown field', { status: 'active', severity: 'low' }, ['body', 'severity']],
])('%s is 422 at its place', async (_, body, loc) => {
  const { status, json } = await change(body);
  expect([status, json.detail[0].loc]).toEqual([422, loc]);
  expect(await stored()).toEqual([]);
});

test('bad headers and parameters are 422 at their place', async () => {
  const locs = async (more: Parameters<typeof change>[1]) =>
    (await change({ status: 'active' }, more)).json.detail[0].loc;
  expect(await locs({ headers: { prefer: 'wait=soon' } })).toEqual(['header', 'Prefer']);
  expect(await locs({ path: '/api/v1/incidents/seven/status' })).toEqual(['path', 'number']);
  expect(await locs({ path: `${PATH}?force=true` })).toEqual(['query', 'force']);
  expect(await stored()).toEqual([]);
});
