import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { anIncident, aProvider } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/incidents/7/comments';
let gateway: GatewayUnderTest;
let pool: Pool;
let provider: { id: string; name: string };
let writer: string;
let reader: string;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
  writer = (await gateway.keyWith(['incidents:write'])).apiKey;
  reader = (await gateway.keyWith(['incidents:read'])).apiKey;
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider, audit_log CASCADE');
  provider = await aProvider(pool, { name: 'prod', is_default: true });
});

const insert = (only: Record<string, unknown> = {}) =>
  anIncident(pool, { provider_id: provider.id, number: 7, ...only });
const post = (body: unknown, more: { path?: string; key?: string; headers?: Record<string, string> } = {}) =>
  gateway.ask('POST', more.path ?? PATH, { key: writer, body, ...more });
const get = (path: string) => gateway.ask('GET', path, { key: reader });
const stored = async () =>
  (await pool.query('SELECT * FROM comment ORDER BY created_at, id')).rows as Record<string, unknown>[];

test('a comment is stored to be posted, with its entry in the audit log', async () => {
  const incident = await insert();
  const { status, json, headers } = await post({ message: ' Blocked the address. ' });
  expect([status, json]).toEqual([202, { comment_id: expect.stringMatching(/^cmt_/), status: 'pending' }]);
  expect(headers.get('location')).toBe(`${PATH}/${json.comment_id}`);
  expect(await stored()).toEqual([
    expect.objectContaining({
      id: json.comment_id,
      incident_id: incident.id,
      provider_id: provider.id,
      sentinel_name: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      message: 'Blocked the address.',
      status: 'pending',
      attempts: 0,
    }),
  ]);
  const { rows } = await pool.query('SELECT action, target_id, after FROM audit_log');
  expect(rows).toEqual([
    {
      action: 'comment.requested',
      target_id: json.comment_id,
      after: { incident_id: incident.id, number: 7, provider: 'prod', message: 'Blocked the address.' },
    },
  ]);
  const { json: read } = await get(`${PATH}/${json.comment_id}`);
  expect(read).toMatchObject({ ...json, incident_number: 7, provider: 'prod', error: null, posted_at: null });
});

test('the same Idempotency-Key makes one comment, and another body under it none', async () => {
  await insert();
  const headers = { 'idempotency-key': 'once' };
  const first = await post({ message: 'a' }, { headers });
  const again = await post({ message: 'a' }, { headers });
  expect([again.status, again.json]).toEqual([202, first.json]);
  expect((await post({ message: 'b' }, { headers })).status).toBe(409);
  expect(await stored()).toHaveLength(1);
});

test('comments are listed newest first, with what became of each', async () => {
  const incident = await insert();
  await insert({ number: 8 });
  for (const message of ['one', 'two', 'three']) await post({ message });
  await post({ message: 'of another' }, { path: '/api/v1/incidents/8/comments' });
  await pool.query(`UPDATE comment SET status = 'posting' WHERE message = 'one'`);
  await pool.query(`UPDATE comment SET status = 'posted', posted_at = now() WHERE message = 'two'`);
  await pool.query(
    `UPDATE comment SET status = 'failed', error = '{"code":"forbidden","message":"no role"}' WHERE message = 'three'`,
  );
  const { json } = await get(`${PATH}?limit=2`);
  expect(json).toMatchObject({ total: 3, total_relation: 'eq', limit: 2 });
  expect(json.items).toMatchObject([
    { message: 'three', status: 'failed', error: { code: 'forbidden', message: 'no role' } },
    { message: 'two', status: 'posted', posted_at: expect.stringMatching(/Z$/) },
  ]);
  const rest = await get(`${PATH}?limit=2&cursor=${json.next_cursor}`);
  expect(rest.json.items).toMatchObject([{ message: 'one', status: 'pending' }]);
  expect(rest.json.next_cursor).toBeNull();
  const foreign = await get(`/api/v1/incidents/8/comments?limit=2&cursor=${json.next_cursor}`);
  expect(foreign.status).toBe(422);
  expect((await get(`/api/v1/incidents/8/comments/${json.items[0].comment_id}`)).status).toBe(404);
  await pool.query('DELETE FROM incident WHERE id = $1', [incident.id]);
  expect(await stored()).toHaveLength(1);
});

test('an incident that is not there, or no longer, or of a workspace that is off, takes no comment', async () => {
  const incident = await insert();
  expect((await post({ message: 'a' }, { path: '/api/v1/incidents/999/comments' })).status).toBe(404);
  expect((await get('/api/v1/incidents/999/comments')).status).toBe(404);
  expect((await get(`${PATH}/cmt_none`)).status).toBe(404);
  await pool.query('UPDATE incident SET deleted_in_sentinel_at = now()');
  expect(await post({ message: 'a' })).toMatchObject({
    status: 409,
    json: { detail: 'incident 7 was deleted in Sentinel' },
  });
  await pool.query('UPDATE incident SET deleted_in_sentinel_at = NULL');
  await pool.query('UPDATE siem_provider SET enabled = false');
  expect((await post({ message: 'a' })).status).toBe(409);
  await pool.query('UPDATE siem_provider SET enabled = true, deleted_at = now()');
  expect((await post({ message: 'a' })).status).toBe(409);
  expect(await stored()).toEqual([]);
  expect(incident.number).toBe(7);
});

test('where Sentinel has room for no more comments, counting those on their way, none is taken', async () => {
  await insert({ comments_count: 99 });
  expect((await post({ message: 'the hundredth' })).status).toBe(202);
  expect(await post({ message: 'one more' })).toMatchObject({
    status: 409,
    json: { detail: expect.stringContaining('has 100 comments') },
  });
});

test('a comment that was posted counts before the next sync and, after it, once', async () => {
  await insert({ comments_count: 99 });
  await post({ message: 'the hundredth' });
  await pool.query(`UPDATE comment SET status = 'posted'`);
  expect((await post({ message: 'one more' })).status).toBe(409);
  await pool.query('UPDATE incident SET comments_count = 99, own_comments = 1');
  expect((await post({ message: 'for one that was deleted there' })).status).toBe(202);
});

test('two workspaces with the same number: the default one’s incident, or the one that is named', async () => {
  const other = await aProvider(pool, { name: 'other' });
  const [mine, theirs] = [await insert(), await insert({ provider_id: other.id })];
  const named = await post({ message: 'named' }, { path: `${PATH}?provider=other` });
  await post({ message: 'default' });
  const incidents = (await stored()).map(({ message, incident_id }) => [message, incident_id]);
  expect(incidents).toEqual([
    ['named', theirs.id],
    ['default', mine.id],
  ]);
  const location = named.headers.get('location') ?? '';
  expect((await get(location)).json).toMatchObject({ message: 'named', provider: 'other' });
  expect((await get(`${PATH}?provider=other`)).json.items).toMatchObject([{ message: 'named' }]);
  expect((await post({ message: 'a' }, { path: `${PATH}?provider=nobody` })).status).toBe(404);
  const limited = await gateway.keyWith(['incidents:write'], { providers: [other.id] });
  await post({ message: 'limited' }, { key: limited.apiKey });
  expect((await stored()).at(-1)).toMatchObject({ message: 'limited', incident_id: theirs.id });
});

test('who lacks the scope, or a credential, comments on nothing', async () => {
  await insert();
  expect((await post({ message: 'a' }, { key: reader })).status).toBe(403);
  expect((await gateway.ask('POST', PATH, { key: null, body: { message: 'a' } })).status).toBe(401);
  expect((await gateway.ask('GET', PATH, { key: writer })).status).toBe(403);
  expect(await stored()).toEqual([]);
});

test.each([
  ['no message', {}, ['body', 'message']],
  ['an empty message', { message: ' \n' }, ['body', 'message']],
  ['a message too long for Azure', { message: 'x'.repeat(29_001) }, ['body', 'message']],
  ['a message that is no text', { message: 7 }, ['body', 'message']],
  ['a character that cannot be stored', { message: 'a\u0000b' }, ['body', 'message']],
  ['an unknown field', { message: 'a', visible: true }, ['body', 'visible']],
])('%s is 422 at its place', async (_, body, loc) => {
  await insert();
  const { status, json } = await post(body);
  expect([status, json.detail[0].loc]).toEqual([422, loc]);
});

test('bad parameters are 422 at their place', async () => {
  await insert();
  const faults = async (method: string, path: string) =>
    (await gateway.ask(method, path, method === 'POST' ? { body: { message: 'a' } } : {})).json.detail[0].loc;
  expect(await faults('POST', '/api/v1/incidents/seven/comments')).toEqual(['path', 'number']);
  expect(await faults('GET', `${PATH}?limit=101`)).toEqual(['query', 'limit']);
  expect(await faults('GET', `${PATH}?cursor=nonsense`)).toEqual(['query', 'cursor']);
  expect(await faults('GET', `${PATH}?status=posted`)).toEqual(['query', 'status']);
  expect(await faults('POST', `${PATH}?provider=`)).toEqual(['query', 'provider']);
  expect(await faults('GET', `${PATH}/${'x'.repeat(65)}`)).toEqual(['path', 'comment_id']);
});

test('the longest message that is taken fits Azure with its marker', async () => {
  await insert();
  expect((await post({ message: 'x'.repeat(29_000) })).status).toBe(202);
});
