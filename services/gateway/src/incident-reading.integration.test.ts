import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { anIncident, aProvider } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/incidents';
let gateway: GatewayUnderTest;
let pool: Pool;
let provider: { id: string; name: string };
let reader: string;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
  reader = (await gateway.keyWith(['incidents:read'])).apiKey;
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider CASCADE');
  provider = await aProvider(pool, { name: 'prod', is_default: true, last_synced_at: new Date() });
});

const insert = (only: Record<string, unknown> = {}) =>
  anIncident(pool, { provider_id: provider.id, ...only });
const get = (path: string, key = reader, headers = {}) => gateway.ask('GET', path, { key, headers });
const found = async (query: Record<string, string>) => {
  const { status, json } = await get(
    `${PATH}?${new URLSearchParams({ sort: 'created_at', ...query }).toString()}`,
  );
  expect(status).toBe(200);
  expect(json.total).toBe(json.items.length);
  return json.items.map(({ number }: { number: number }) => number);
};
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

test('q finds whole words in any case in every field that it names, phrases, alternatives and what is without', async () => {
  await insert({ number: 701, title: 'Password spray against jane', description: 'Risky sign-in seen' });
  await insert({ number: 702, title: 'Spray of passwords', labels: ['Red Team'], tags: ['vip customer'] });
  await insert({
    number: 703,
    title: 'Malware',
    owner: 'jane.doe@contoso.com',
    provider_incident_id: '9347',
  });
  expect(await found({ q: 'SPRAY' })).toEqual([701, 702]);
  expect(await found({ q: 'password spray' })).toEqual([701]);
  expect(await found({ q: '"spray password"' })).toEqual([]);
  expect(await found({ q: '"risky sign-in"' })).toEqual([701]);
  expect(await found({ q: 'passwords or risky' })).toEqual([701, 702]);
  expect(await found({ q: 'spray -risky' })).toEqual([702]);
  expect(await found({ q: '"red team"' })).toEqual([702]);
  expect(await found({ q: 'customer' })).toEqual([702]);
  expect(await found({ q: 'jane' })).toEqual([701, 703]);
  expect(await found({ q: 'jane.doe@contoso.com' })).toEqual([703]);
  expect(await found({ q: '703' })).toEqual([703]);
  expect(await found({ q: '9347' })).toEqual([703]);
  expect(await found({ q: 'spra' })).toEqual([]);
  expect(await found({ q: 'spray', status: 'closed' })).toEqual([]);
});

test.each([
  `'`,
  `"`,
  '&',
  ':*',
  '!',
  '(',
  '\\',
  '%',
  '-',
  'a & | b',
  '"unended phrase',
  '<->',
  '日本語',
  '-'.repeat(200),
  '- '.repeat(100),
])('q=%s is searched for, not obeyed', async (q) => {
  await insert();
  expect((await get(`${PATH}?q=${encodeURIComponent(q)}`)).status).toBe(200);
});

test('q finds what a patch wrote a moment ago', async () => {
  await insert({ number: 1 });
  await gateway.ask('PATCH', `${PATH}/1`, { body: { tags: ['crown jewels'] } });
  expect(await found({ q: 'jewels' })).toEqual([1]);
  expect(await found({ tag: 'crown jewels' })).toEqual([1]);
});

test('the number that the Defender portal shows finds an incident of any age, and a timespan still limits it', async () => {
  await insert({ number: 1, provider_incident_id: '347', created_at: new Date('2024-01-01T00:00:00Z') });
  await insert({ number: 2, provider_incident_id: '348' });
  expect(await found({ defender_id: '347' })).toEqual([1]);
  expect(await found({ defender_id: '347', timespan: 'P7D' })).toEqual([]);
  expect(await found({ defender_id: '348', timespan: 'P7D' })).toEqual([2]);
  expect(await found({ defender_id: '1' })).toEqual([]);
});

test.each([
  ['q=', ['query', 'q']],
  [`q=${'x'.repeat(201)}`, ['query', 'q']],
  ['q=%00', ['query', 'q']],
  ['q=a&q=b', ['query', 'q']],
  ['defender_id=', ['query', 'defender_id']],
  ['defender_id=%20', ['query', 'defender_id']],
  ['tag=', ['query', 'tag']],
  ['max_age=yesterday', ['query', 'max_age']],
  ['max_age=PT0S', ['query', 'max_age']],
  ['provider=%00', ['query', 'provider']],
])('a list with %s is 422 and says where', async (query, loc) => {
  const { status, json } = await get(`${PATH}?${query}`);
  expect(status).toBe(422);
  expect(json.detail[0].loc).toEqual(loc);
});

test.each(['0007', '00', '1_000', '+7'])('%s is no incident number', async (number) => {
  expect((await get(`${PATH}/${number}`)).status).toBe(422);
});

test('a scan by cursor shows the total of its first page, and its cursor goes with no other words', async () => {
  for (let number = 1; number <= 5; number += 1) await insert({ number, created_at: minutesAgo(number) });
  const first = (await get(`${PATH}?limit=2&q=spray`)).json;
  await insert({ number: 100 });
  const cursor = encodeURIComponent(first.next_cursor);
  const second = (await get(`${PATH}?limit=2&q=spray&cursor=${cursor}&max_age=PT1H`)).json;
  expect([first.total, second.total, second.items[0].number]).toEqual([5, 5, 3]);
  for (const query of ['q=password', 'q=spray&defender_id=1', 'q=spray&tag=x']) {
    expect((await get(`${PATH}?limit=2&${query}&cursor=${cursor}`)).status).toBe(422);
  }
});

test('lists say how fresh each workspace that the caller sees is', async () => {
  const eu = await aProvider(pool, { name: 'eu', last_synced_at: minutesAgo(2), consecutive_failures: 1 });
  await aProvider(pool, { name: 'lab', last_synced_at: minutesAgo(60), enabled: false });
  await aProvider(pool, { name: 'new' });
  await aProvider(pool, { name: 'old', last_synced_at: minutesAgo(90), deleted_at: new Date() });
  const { json } = await get(PATH);
  expect(json.freshness).toMatchObject([
    { provider: 'prod', status: 'ok', lag_s: expect.any(Number), last_synced_at: expect.any(String) },
    { provider: 'eu', status: 'failing' },
    { provider: 'lab', status: 'disabled' },
    { provider: 'new', status: 'never', lag_s: null, last_synced_at: null },
  ]);
  expect(Math.round(json.freshness[1].lag_s / 10)).toBe(12);
  const { apiKey } = await gateway.keyWith(['incidents:read'], { providers: [eu.id] });
  expect((await get(PATH, apiKey)).json.freshness).toHaveLength(1);
  expect((await get(`${PATH}?provider=lab`)).json.freshness).toMatchObject([{ provider: 'lab' }]);
});

test('older data than max_age is 503 that names the workspace and says when to come back', async () => {
  await pool.query(
    `UPDATE siem_provider SET last_synced_at = $1, next_sync_at = now() + interval '1 minute'`,
    [minutesAgo(30)],
  );
  const stale = await get(`${PATH}?max_age=PT10M`);
  expect(stale.status).toBe(503);
  expect(stale.json).toMatchObject({
    code: 'unavailable',
    detail: expect.stringMatching(/prod was last synced 18\d\d s ago/),
  });
  expect(Number(stale.headers.get('retry-after'))).toBeGreaterThan(50);
  expect((await get(`${PATH}/changes?max_age=PT10M`)).status).toBe(503);
  expect((await get(`${PATH}?max_age=PT1H`)).status).toBe(200);
});

test('max_age asks nothing of a disabled workspace unless it is named, and something of one never synced', async () => {
  await aProvider(pool, { name: 'lab', enabled: false });
  expect((await get(`${PATH}?max_age=PT10M`)).status).toBe(200);
  expect((await get(`${PATH}?max_age=PT10M&provider=lab`)).status).toBe(503);
  await aProvider(pool, { name: 'new' });
  const { status, json } = await get(`${PATH}?max_age=P1D`);
  expect([status, json.detail]).toEqual([503, expect.stringContaining('new has not been synced yet')]);
});

test('an unchanged incident or list is 304, a changed one is whole, for GET and HEAD', async () => {
  await insert({ number: 1 });
  for (const path of [`${PATH}/1`, PATH, `${PATH}?limit=1`]) {
    const tag = (await get(path)).headers.get('etag') ?? '';
    const again = await get(path, reader, { 'if-none-match': tag });
    expect([again.status, again.headers.get('etag'), again.json]).toEqual([304, tag, undefined]);
    expect(again.headers.get('ratelimit-limit')).not.toBeNull();
    const head = { key: reader, headers: { 'if-none-match': tag.replace('W/', '') } };
    expect((await gateway.ask('HEAD', path, head)).status).toBe(304);
    expect((await get(path, reader, { 'if-none-match': '*' })).status).toBe(304);
    await gateway.ask('PATCH', `${PATH}/1`, { body: { notes: path } });
    const changed = await get(path, reader, { 'if-none-match': tag });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(tag);
  }
});

test('an incident shows those that are part of it, through chains, with what people wrote on them', async () => {
  await insert({ number: 1, merged_into: 2, notes: 'mine', tags: ['vip'], assignee: 'kim', title: 'First' });
  await insert({ number: 2, merged_into: 3 });
  await insert({ number: 3 });
  const other = await aProvider(pool, { name: 'eu' });
  await insert({ number: 9, merged_into: 3, provider_id: other.id });
  const { json } = await get(`${PATH}/3`);
  expect(json).toMatchObject({ merged_into: null, merged_from: [1, 2] });
  expect(json.merged_incidents).toEqual([
    { number: 1, title: 'First', notes: 'mine', tags: ['vip'], assignee: 'kim' },
    { number: 2, title: 'Password spray', notes: null, tags: [], assignee: null },
  ]);
  expect((await get(`${PATH}/1`)).json).toMatchObject({ merged_into: 3, merged_from: [], notes: 'mine' });
  const { items } = (await get(`${PATH}?provider=prod`)).json;
  const listed = items.toSorted((a: { number: number }, b: { number: number }) => a.number - b.number);
  expect(listed.map((item: { merged_into: number }) => item.merged_into)).toEqual([3, 3, null]);
  expect(listed[2].merged_from).toEqual([1, 2]);
  expect(listed[2]).not.toHaveProperty('merged_incidents');
});

test('incidents that are merged in a circle, or into one that is not stored, are still read', async () => {
  await insert({ number: 1, merged_into: 2 });
  await insert({ number: 2, merged_into: 1 });
  await insert({ number: 3, merged_into: 3 });
  await insert({ number: 4, merged_into: 404 });
  expect((await get(`${PATH}/1`)).json).toMatchObject({ merged_into: 2, merged_from: [2] });
  expect((await get(`${PATH}/2`)).json).toMatchObject({ merged_into: 1, merged_from: [1] });
  expect((await get(`${PATH}/3`)).json).toMatchObject({ merged_into: 3, merged_from: [] });
  expect((await get(`${PATH}/4`)).json).toMatchObject({ merged_into: 404, merged_from: [] });
});

test("classifications are ours at the top and Sentinel's own under `sentinel`; deletion and reopening show", async () => {
  const at = new Date('2026-11-20T10:00:00.000Z');
  const raw = { name: 'a', properties: { classification: 'TruePositive' } };
  await insert({
    number: 1,
    raw,
    classification: 'TruePositive',
    classification_reason: 'SuspiciousActivity',
    deleted_in_sentinel_at: at,
    reopened_at: at,
    priority: 'critical',
  });
  expect((await get(`${PATH}/1`)).json).toMatchObject({
    classification: 'true_positive',
    classification_reason: 'suspicious_activity',
    sentinel: raw,
    deleted_in_sentinel_at: at.toISOString(),
    reopened_at: at.toISOString(),
    priority: 'critical',
  });
});
