import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { anIncident, aProvider, until } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/incidents/changes';
let gateway: GatewayUnderTest;
let pool: Pool;
let provider: { id: string; name: string };
let reader: string;

/** A change is asked for again and again while transactions of other tests keep it from being read. */
const OFTEN = { rate_limit_per_minute: 1_000_000 };

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
  reader = (await gateway.keyWith(['incidents:read'], OFTEN)).apiKey;
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
const get = (query: string, key = reader, headers = {}) =>
  gateway.ask('GET', `${PATH}?${query}`, { key, headers });
const numbersOf = (json: { items: { number: number }[] }) => json.items.map(({ number }) => number);

/** A change is read once no older transaction runs on the server. */
const untilRead = (query: string, numbers: readonly number[], key = reader) =>
  until(`the changes ${numbers.join()} can be read`, async () => {
    const { json } = await get(query, key);
    return numbersOf(json).join() === numbers.join() ? json : undefined;
  });

test('a reader that keeps the cursor gets each change once, in order, and a cursor with every answer', async () => {
  for (const number of [3, 1, 2]) await insert({ number });
  await untilRead('', [3, 1, 2]);
  const first = (await get('limit=2')).json;
  expect(first).toMatchObject({ limit: 2, has_more: true, freshness: [{ provider: 'prod', status: 'ok' }] });
  expect(numbersOf(first)).toEqual([3, 1]);
  const second = (await get(`limit=2&cursor=${first.next_cursor}`)).json;
  expect(numbersOf(second)).toEqual([2]);
  expect(second.has_more).toBe(false);
  const none = (await get(`cursor=${second.next_cursor}`)).json;
  expect(none).toMatchObject({ items: [], has_more: false, next_cursor: expect.any(String) });
  const patch = { body: { notes: 'seen' } };
  expect((await gateway.ask('PATCH', '/api/v1/incidents/3', patch)).status).toBe(200);
  const changed = await untilRead(`cursor=${none.next_cursor}`, [3]);
  expect(changed.items[0]).toMatchObject({ notes: 'seen' });
});

test('from=now begins with what comes after', async () => {
  await insert({ number: 1 });
  await untilRead('', [1]);
  const { json } = await get('from=now');
  expect(json).toMatchObject({ items: [], has_more: false });
  await insert({ number: 2 });
  await untilRead(`cursor=${json.next_cursor}`, [2]);
  await untilRead('from=beginning', [1, 2]);
});

test('closed, merged and deleted incidents come with their state, however old they are', async () => {
  const long = new Date('2020-01-01T00:00:00Z');
  await insert({ number: 1, status: 'closed', created_at: long, last_modified_at: long, merged_into: 2 });
  await insert({ number: 2, deleted_in_sentinel_at: long, reopened_at: long });
  const { items } = await untilRead('', [1, 2]);
  expect(items).toMatchObject([
    { status: 'closed', merged_into: 2, merged_from: [] },
    { merged_from: [1], deleted_in_sentinel_at: long.toISOString(), reopened_at: long.toISOString() },
  ]);
});

test('a limited key reads the changes of its workspaces, and `provider` those of one', async () => {
  const other = await aProvider(pool, { name: 'eu' });
  await insert({ number: 1 });
  await insert({ number: 2, provider_id: other.id });
  const { apiKey } = await gateway.keyWith(['incidents:read'], { providers: [other.id], ...OFTEN });
  const limited = await untilRead('', [2], apiKey);
  expect(limited.freshness).toEqual([{ provider: 'eu', last_synced_at: null, lag_s: null, status: 'never' }]);
  await untilRead('provider=prod', [1]);
  for (const [query, key] of [
    ['provider=prod', apiKey],
    ['provider=nowhere', undefined],
  ] as const)
    expect(await get(query, ...(key ? [key] : []))).toMatchObject({
      status: 422,
      json: { detail: [{ loc: ['query', 'provider'], msg: 'names no workspace' }] },
    });
});

test('a cursor stays with its workspace, whatever that or another is called by then', async () => {
  await insert({ number: 1 });
  await untilRead('', [1]);
  const { json } = await get('provider=prod&from=now');
  await pool.query(`UPDATE siem_provider SET name = 'renamed' WHERE name = 'prod'`);
  await insert({ number: 2 });
  expect((await get(`provider=prod&cursor=${json.next_cursor}`)).status).toBe(422);
  await untilRead(`provider=renamed&cursor=${json.next_cursor}`, [2]);
  const other = await aProvider(pool, { name: 'prod' });
  await insert({ number: 3, provider_id: other.id });
  expect((await get(`provider=prod&cursor=${json.next_cursor}`)).status).toBe(422);
});

test('an empty answer that the caller has is 304', async () => {
  const { json, headers } = await get('from=now');
  const tag = headers.get('etag') ?? '';
  expect((await get(`cursor=${json.next_cursor}`, reader, { 'if-none-match': tag })).status).toBe(304);
});

test.each([
  ['cursor=abc', ['query', 'cursor']],
  ['cursor=', ['query', 'cursor']],
  ['from=yesterday', ['query', 'from']],
  ['limit=101', ['query', 'limit']],
  ['limit=0', ['query', 'limit']],
  ['max_age=10', ['query', 'max_age']],
  ['provider=', ['query', 'provider']],
  ['offset=5', ['query', 'offset']],
  ['severity=high', ['query', 'severity']],
])('changes with %s are 422 and say where', async (query, loc) => {
  const { status, json } = await get(query);
  expect(status).toBe(422);
  expect(json.detail[0].loc).toEqual(loc);
});

test('a cursor goes with the provider that it was made for, and not with `from`', async () => {
  const { next_cursor } = (await get('from=now&provider=prod')).json;
  expect((await get(`provider=prod&cursor=${next_cursor}`)).status).toBe(200);
  for (const query of ['', '&provider=eu', '&provider=prod&from=now']) {
    const { status, json } = await get(`cursor=${next_cursor}${query}`);
    expect([status, json.detail[0].loc[0]]).toEqual([422, 'query']);
  }
  const list = (await gateway.ask('GET', '/api/v1/incidents?limit=1')).json;
  expect(list.next_cursor).toBeNull();
});

test('without a key it is 401, without the scope 403', async () => {
  const { apiKey } = await gateway.keyWith(['search:read']);
  expect((await gateway.ask('GET', PATH, { key: null })).status).toBe(401);
  expect((await gateway.ask('GET', PATH, { key: apiKey })).status).toBe(403);
});
