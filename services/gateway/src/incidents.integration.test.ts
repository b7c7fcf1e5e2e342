import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { anIncident, aProvider } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/incidents';
const publicUrl = 'https://soc.example';
let gateway: GatewayUnderTest;
let pool: Pool;
let provider: { id: string; name: string };
let reader: string;

beforeAll(async () => {
  gateway = await startGatewayUnderTest({ PUBLIC_URL: publicUrl });
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
  reader = (await gateway.keyWith(['incidents:read'])).apiKey;
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider CASCADE');
  provider = await aProvider(pool, { name: 'prod', is_default: true });
});

const insert = (only: Record<string, unknown> = {}) =>
  anIncident(pool, { provider_id: provider.id, ...only });
const get = (path: string, key = reader) => gateway.ask('GET', path, { key });
const numbers = async (query: string, key = reader) => {
  const { status, json } = await get(`${PATH}?${query}`, key);
  expect(status).toBe(200);
  return json.items.map(({ number }: { number: number }) => number);
};
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);

test('the list shows the last seven days, newest first, twenty at a time', async () => {
  await insert({ number: 1, created_at: hoursAgo(2) });
  await insert({ number: 2, created_at: hoursAgo(1) });
  await insert({ number: 3, created_at: hoursAgo(8 * 24) });
  const { status, json } = await get(PATH);
  expect(status).toBe(200);
  expect(json).toMatchObject({ total: 2, total_relation: 'eq', limit: 20, offset: 0, next_cursor: null });
  expect(json.items.map(({ number }: { number: number }) => number)).toEqual([2, 1]);
  expect(json.items[0]).toMatchObject({
    provider: 'prod',
    priority: null,
    merged_into: null,
    merged_from: [],
    reopened_at: null,
    notes: null,
    tags: [],
    assignee: null,
    synced_at: expect.stringMatching(/Z$/),
    change_seq: expect.any(Number),
    links: {
      api: `${publicUrl}${PATH}/2`,
      console: `${publicUrl}/incidents/2`,
      sentinel: null,
      defender: null,
    },
  });
  expect(json.items[0]).not.toHaveProperty('raw');
  expect(json.items[0]).not.toHaveProperty('tenant_id');
});

test('filters go together, in any case, once or again', async () => {
  const at = (number: number) => ({ number, created_at: hoursAgo(10 - number) });
  await insert({ ...at(1), severity: 'high', status: 'new', tags: ['vip'], assignee: 'kim' });
  await insert({ ...at(2), severity: 'low', status: 'closed', priority: 'critical' });
  await insert({ ...at(3), severity: 'medium', status: 'active' });
  expect(await numbers('severity=HIGH&severity=Low&sort=created_at')).toEqual([1, 2]);
  expect(await numbers('severity=critical')).toEqual([2]);
  expect(await numbers('status=Active')).toEqual([3]);
  expect(await numbers('severity=high&status=closed')).toEqual([]);
  expect(await numbers('tag=vip&assignee=kim')).toEqual([1]);
  expect(await numbers('provider=prod&sort=-created_at')).toEqual([3, 2, 1]);
  expect(await numbers('provider=sentinel&sort=created_at')).toEqual([1, 2, 3]);
  expect(await numbers(`provider=${provider.id}&limit=1`)).toEqual([3]);
  expect((await get(`${PATH}?provider=other`)).status).toBe(422);
});

test('a timespan is a duration or an interval, over the time field that is named', async () => {
  await insert({ number: 1, created_at: hoursAgo(30), last_modified_at: hoursAgo(1) });
  await insert({ number: 2, created_at: hoursAgo(5), last_modified_at: hoursAgo(4) });
  expect(await numbers('timespan=PT6H')).toEqual([2]);
  expect(await numbers('timespan=PT6H&time_field=modified')).toEqual([1, 2]);
  const interval = `${hoursAgo(31).toISOString()}/${hoursAgo(29).toISOString()}`;
  expect(await numbers(`timespan=${encodeURIComponent(interval)}`)).toEqual([1]);
});

test('a scan by cursor meets each incident once while others arrive, and knows its filters', async () => {
  for (let number = 1; number <= 7; number += 1) await insert({ number, created_at: hoursAgo(number) });
  const first = (await get(`${PATH}?limit=3`)).json;
  expect(first).toMatchObject({ total: 7, next_cursor: expect.any(String) });
  await insert({ number: 100 });
  const seen = first.items.map(({ number }: { number: number }) => number);
  for (let cursor = first.next_cursor; cursor !== null; ) {
    const { json } = await get(`${PATH}?limit=3&cursor=${encodeURIComponent(cursor)}`);
    seen.push(...json.items.map(({ number }: { number: number }) => number));
    cursor = json.next_cursor;
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const cursor = encodeURIComponent(first.next_cursor);
  expect((await get(`${PATH}?limit=3&severity=high&cursor=${cursor}`)).status).toBe(422);
  expect((await get(`${PATH}?cursor=${cursor.slice(0, -2)}`)).status).toBe(422);
  expect((await get(`${PATH}?offset=3&cursor=${cursor}`)).status).toBe(422);
});

test.each([
  ['severity=urgent', ['query', 'severity', 0]],
  ['status=open', ['query', 'status', 0]],
  ['timespan=yesterday', ['query', 'timespan']],
  ['timespan=P7D/P1D', ['query', 'timespan']],
  ['limit=1000', ['query', 'limit']],
  ['limit=0', ['query', 'limit']],
  ['offset=-1', ['query', 'offset']],
  ['sort=title', ['query', 'sort']],
  ['time_field=seen', ['query', 'time_field']],
  ['assignee=%00', ['query', 'assignee']],
  ['nonsense=1', ['query', 'nonsense']],
])('a list with %s is 422 and says where', async (query, loc) => {
  const { status, json } = await get(`${PATH}?${query}`);
  expect(status).toBe(422);
  expect(json.detail[0].loc).toEqual(loc);
});

test('the whole incident carries what Sentinel sent, untouched', async () => {
  const raw = {
    name: 'a',
    properties: { incidentNumber: 1, additionalData: { 'odd.key': ['bar', null, 1.5], tactics: [] } },
  };
  const sentinel_entities = [{ kind: 'Ip', properties: { address: '203.0.113.50' } }];
  const { id } = await insert({
    number: 5,
    raw,
    entities: JSON.stringify(sentinel_entities),
    provider_name: 'Microsoft XDR',
    provider_incident_id: '347',
  });
  const alert = { name: 'alert-1', properties: { systemAlertId: 'alert-1', techniques: ['T1078'] } };
  await pool.query(
    `INSERT INTO alert (id, provider_id, system_alert_id, raw) VALUES ('alr_1', $1, 'alert-1', $2)`,
    [provider.id, alert],
  );
  await pool.query(`INSERT INTO incident_alert VALUES ($1, 'alr_1')`, [id]);
  const { status, json } = await get(`${PATH}/5`);
  expect(status).toBe(200);
  expect(json.sentinel).toEqual(raw);
  const beside = { alerts: [alert], entities: [], enrichment: null, sessions: [] };
  expect(json).toMatchObject({ number: 5, sentinel_entities, ...beside });
  expect(json.links.defender).toBe('https://security.microsoft.com/incidents/347?tid=tenant-1');
});

test('an incident shows the entities that were read of it, and a limited key no word of other workspaces', async () => {
  const { id } = await insert({ number: 6 });
  await pool.query(`WITH e AS (
      INSERT INTO entity (key, type, value, strength, attributes, first_seen, last_seen, verdict)
      VALUES ('user:ann@contoso.com', 'user', 'ann@contoso.com', 'strong', '{"title": "CFO"}', '2020-01-01', '2030-01-01', 'suspicious')
      RETURNING id),
    aliases AS (
      INSERT INTO entity_alias SELECT alias, id, is_strong FROM e, (VALUES ('user:ann@contoso.com', true),
        ('user:ann@${provider.id}', false), ('user:ann@prv_of_others', false)) AS a (alias, is_strong))
    INSERT INTO incident_entity SELECT '${id}', id, 'alert', 0.9, '', '2026-11-01', '2026-11-02', 2 FROM e`);
  const shown = {
    type: 'user',
    value: 'ann@contoso.com',
    key: 'user:ann@contoso.com',
    strength: 'strong',
    source: 'alert',
    confidence: 0.9,
    count: 2,
    verdict: 'suspicious',
    first_seen: '2026-11-01T00:00:00.000Z',
    last_seen: '2026-11-02T00:00:00.000Z',
  };
  const aliases = ['user:ann@contoso.com', `user:ann@${provider.id}`];
  const { apiKey } = await gateway.keyWith(['incidents:read'], { providers: [provider.id] });
  const limited = await gateway.ask('GET', `${PATH}/6`, { key: apiKey });
  expect(limited.json.entities).toEqual([{ ...shown, aliases, attributes: {} }]);
  const [all] = (await get(`${PATH}/6`)).json.entities;
  expect(all).toEqual({
    ...shown,
    attributes: { title: 'CFO' },
    aliases: expect.arrayContaining([...aliases, 'user:ann@prv_of_others']),
  });
});

test('where workspaces share a number, the default one comes first and `provider` names the other', async () => {
  const other = await aProvider(pool, { name: 'eu west' });
  await insert({ number: 5, title: 'default' });
  await insert({ number: 5, title: 'other', provider_id: other.id });
  expect((await get(`${PATH}/5`)).json.title).toBe('default');
  const { json } = await get(`${PATH}/5?provider=eu%20west`);
  expect(json).toMatchObject({ title: 'other', provider: 'eu west' });
  expect((await get(json.links.api.replace(publicUrl, ''))).json.title).toBe('other');
  expect((await get(`${PATH}/5?provider=nowhere`)).status).toBe(404);
});

test.each(['abc', '1.5', '1e3', '-1', '%20', '9'.repeat(20)])('%s is no incident number', async (number) => {
  expect((await get(`${PATH}/${number}`)).status).toBe(422);
  expect((await gateway.ask('PATCH', `${PATH}/${number}`, { body: {} })).status).toBe(422);
});

test('an unknown number is 404', async () => {
  expect((await get(`${PATH}/404`)).status).toBe(404);
  expect((await gateway.ask('PATCH', `${PATH}/404`, { body: { notes: 'x' } })).status).toBe(404);
});

test('without a key it is 401, without the scope 403', async () => {
  await insert({ number: 1 });
  const { apiKey } = await gateway.keyWith(['search:read']);
  for (const path of [PATH, `${PATH}/1`]) {
    expect((await gateway.ask('GET', path, { key: null })).status).toBe(401);
    expect((await get(path, apiKey)).status).toBe(403);
  }
  expect((await gateway.ask('PATCH', `${PATH}/1`, { key: reader, body: {} })).status).toBe(403);
  expect((await gateway.ask('PATCH', `${PATH}/1`, { key: null, body: {} })).status).toBe(401);
});

test('a key that is limited to a workspace sees and changes that one only', async () => {
  const other = await aProvider(pool, { name: 'eu' });
  await insert({ number: 1 });
  await insert({ number: 2, provider_id: other.id });
  const scopes = ['incidents:read', 'incidents:write'];
  const { apiKey } = await gateway.keyWith(scopes, { providers: [other.id] });
  expect(await numbers('sort=created_at', apiKey)).toEqual([2]);
  expect((await get(`${PATH}?provider=prod`, apiKey)).status).toBe(422);
  expect((await get(`${PATH}/2`, apiKey)).status).toBe(200);
  expect((await get(`${PATH}/1`, apiKey)).status).toBe(404);
  expect((await get(`${PATH}/1?provider=prod`, apiKey)).status).toBe(404);
  const patch = { key: apiKey, body: { notes: 'mine' } };
  expect((await gateway.ask('PATCH', `${PATH}/1`, patch)).status).toBe(404);
  expect((await gateway.ask('PATCH', `${PATH}/2`, patch)).status).toBe(200);
});

test('a patch changes local fields, raises change_seq and stands in the audit log; null clears', async () => {
  const { id } = await insert({ number: 7, notes: 'old', title: 'Spray' });
  const before = (await get(`${PATH}/7`)).json;
  const body = { notes: 'new', tags: ['vip', 'eu', 'vip'], assignee: 'kim@soc.example' };
  const { status, json } = await gateway.ask('PATCH', `${PATH}/7`, { body });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    notes: 'new',
    tags: ['vip', 'eu'],
    assignee: 'kim@soc.example',
    title: 'Spray',
  });
  expect(json.change_seq).toBeGreaterThan(before.change_seq);
  expect(json.synced_at).toBe(before.synced_at);
  const audit = await gateway.ask('GET', `/api/admin/audit-log?target_id=${id}`);
  expect(audit.json.items).toEqual([
    expect.objectContaining({
      action: 'incident.updated',
      before: { notes: 'old', tags: [], assignee: null },
      after: { notes: 'new', tags: ['vip', 'eu'], assignee: 'kim@soc.example' },
      ip: expect.any(String),
    }),
  ]);
  const cleared = await gateway.ask('PATCH', `${PATH}/7`, {
    body: { notes: null, tags: null, assignee: null },
  });
  expect(cleared.json).toMatchObject({ notes: null, tags: [], assignee: null });
});

test('a patch that changes nothing is no change and leaves no audit entry', async () => {
  const { id } = await insert({ number: 8, notes: 'same' });
  const before = (await get(`${PATH}/8`)).json;
  const { json } = await gateway.ask('PATCH', `${PATH}/8`, { body: { notes: 'same' } });
  expect(json.change_seq).toBe(before.change_seq);
  const audit = await gateway.ask('GET', `/api/admin/audit-log?target_id=${id}`);
  expect(audit.json.items).toEqual([]);
});

test.each([
  [{ severity: 'high' }, ['body', 'severity']],
  [{ notes: 'x'.repeat(20_001) }, ['body', 'notes']],
  [{ notes: 5 }, ['body', 'notes']],
  [{ tags: ['x'.repeat(65)] }, ['body', 'tags', 0]],
  [{ tags: Array.from({ length: 51 }, (_, index) => `t${index}`) }, ['body', 'tags']],
  [{ assignee: 'a\0b' }, ['body', 'assignee']],
  [{ notes: '\ud800' }, ['body', 'notes']],
] as const)('a patch that breaks a limit is 422 at %#', async (body, loc) => {
  await insert({ number: 9 });
  const { status, json } = await gateway.ask('PATCH', `${PATH}/9`, { body });
  expect(status).toBe(422);
  expect(json.detail[0].loc).toEqual(loc);
});
