import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { sealContext } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import { createPool, type Pool } from '@socmate/database';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/webhooks/endpoints';
const valid = { name: 'soar', url: 'https://hooks.example.com/a', event_types: ['incident-alert'] };
const TOKEN_URL = 'https://login.example.com/token?tenant=p4th-s3cret';
const oauth2 = {
  type: 'oauth2_client_credentials',
  token_url: TOKEN_URL,
  client_id: 'client-1',
  client_secret: 'oauth-s3cret-abcd',
} as const;
const headers = { 'X-Api-Key': 'header-s3cret-wxyz', 'X-Team': 'blue-team-42' };
let gateway: GatewayUnderTest;
let pool: Pool;
let reader: string;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
  reader = (await gateway.keyWith(['webhooks:read'])).apiKey;
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE webhook_endpoint CASCADE');
});

const created = async (only: object = {}) => {
  const { status, json } = await gateway.ask('POST', PATH, { body: { ...valid, ...only } });
  expect(status).toBe(201);
  return json;
};
const patch = (id: string, body: object) => gateway.ask('PATCH', `${PATH}/${id}`, { body });
const get = (id: string, key = gateway.adminKey) => gateway.ask('GET', `${PATH}/${id}`, { key });
const rowOf = async (id: string) =>
  (await pool.query('SELECT * FROM webhook_endpoint WHERE id = $1', [id])).rows[0];
const sealed = async (id: string, column: 'headers' | 'auth'): Promise<unknown> => {
  const context = column === 'headers' ? sealContext.webhookHeaders(id) : sealContext.webhookAuth(id);
  const row = await rowOf(id);
  return JSON.parse(
    createSealer(parseMasterKeys(gateway.config.MASTER_KEYS)).open(row[`${column}_sealed`], context),
  );
};

test('sensitive headers are masked to everybody, others to those who may not write endpoints', async () => {
  const endpoint = await created({ headers });
  const shown = { 'X-Api-Key': '****wxyz', 'X-Team': 'blue-team-42' };
  expect(endpoint.headers).toEqual(shown);
  expect((await get(endpoint.id)).json.headers).toEqual(shown);
  expect((await get(endpoint.id, reader)).json.headers).toEqual({
    'X-Api-Key': '****wxyz',
    'X-Team': '****m-42',
  });
  expect(await sealed(endpoint.id, 'headers')).toEqual(headers);
});

test.each([
  [
    { type: 'header', value: 'Splunk header-s3cret' },
    { name: 'Authorization', value: '****cret' },
  ],
  [{ type: 'basic', username: 'socmate', password: 'basic-s3cret-1' }, { password: '****et-1' }],
  [oauth2, { token_url: TOKEN_URL, client_secret: '****abcd', scope: null, credentials_in: 'body' }],
  [{ type: 'none' }, {}],
])('an auth is stored sealed and shown without its secret: %j', async (auth, shown) => {
  const { id, auth: answered } = await created({ auth });
  expect(answered).toMatchObject({ ...auth, ...shown });
  expect((await get(id)).json.auth).toEqual(answered);
  const read = (await get(id, reader)).json.auth;
  expect(read).toMatchObject({
    ...auth,
    ...shown,
    ...('token_url' in auth && { token_url: 'https://login.example.com/…' }),
  });
  const { auth_sealed: atRest } = await rowOf(id);
  expect(atRest === null ? { type: 'none' } : await sealed(id, 'auth')).toMatchObject(auth);
});

test('nothing secret of an endpoint is in its row, the audit log, or an answer', async () => {
  const auths = [oauth2, { type: 'basic', username: 'u', password: 'basic-s3cret-1' }];
  const { id, secret } = await created({ headers, auth: auths[0] });
  const answers = [
    await patch(id, { auth: auths[1] }),
    await patch(id, { headers: { 'X-Api-Key': 'other-s3cret-9999' }, auth: auths[0] }),
    await patch(id, { auth: { ...oauth2, token_url: 'http://10.0.0.1/p4th-s3cret' } }),
    await patch(id, { headers: { 'X-Api-Key': 'bad-s3cret\n' } }),
    await get(id),
    await gateway.ask('GET', PATH),
    await gateway.ask('GET', PATH, { key: reader }),
    await gateway.ask('GET', '/api/admin/audit-log'),
  ];
  const readable = answers.map(({ json }) => JSON.stringify(json)).join();
  const atRest = JSON.stringify((await pool.query('SELECT * FROM webhook_endpoint')).rows);
  for (const text of [readable.replaceAll(TOKEN_URL, ''), atRest]) {
    expect(text).not.toContain('s3cret');
    expect(text).not.toContain(secret.slice('whsec_'.length));
  }
});

test('what comes back as it was shown stays as it is stored', async () => {
  const { id } = await created({ headers, auth: oauth2 });
  for (const key of [gateway.adminKey, reader]) {
    const { json } = await get(id, key);
    const changed = await patch(id, { headers: { ...json.headers, 'X-More': 'more' }, auth: json.auth });
    expect(changed.status).toBe(200);
    expect(await sealed(id, 'headers')).toEqual({ ...headers, 'X-More': 'more' });
    expect(await sealed(id, 'auth')).toMatchObject(oauth2);
  }
  await patch(id, { headers: {}, auth: { type: 'none' } });
  expect(await rowOf(id)).toMatchObject({ headers_sealed: null, auth_sealed: null });
});

test('a URL that came back as it is shown to who may only read stays as it is', async () => {
  const { id } = await created();
  const { url } = (await get(id, reader)).json;
  expect(url).toBe('https://hooks.example.com/…');
  expect(await patch(id, { url, name: 'other' })).toMatchObject({
    status: 200,
    json: { url: valid.url, name: 'other' },
  });
  const elsewhere = await patch(id, { url: 'https://elsewhere.example.com/…' });
  expect(elsewhere.json.detail).toMatchObject([{ loc: ['body', 'url'], type: 'masked_secret' }]);
});

test('a masked client secret does not follow the token URL elsewhere', async () => {
  const { id } = await created({ auth: oauth2 });
  const { auth } = (await get(id)).json;
  const moved = await patch(id, { auth: { ...auth, token_url: 'https://elsewhere.example.com/token' } });
  expect(moved).toMatchObject({
    status: 422,
    json: { detail: [{ loc: ['body', 'auth', 'client_secret'] }] },
  });
  expect(await sealed(id, 'auth')).toMatchObject(oauth2);
});

test.each([
  [{ auth: { ...oauth2, client_secret: '****abcd' } }, ['body', 'auth', 'client_secret']],
  [{ auth: { type: 'header', value: '****' } }, ['body', 'auth', 'value']],
  [{ headers: { ...headers, 'X-Api-Key': '****wxyz' } }, ['body', 'headers', 'X-Api-Key']],
  [{ url: 'https://other.example.com/…' }, ['body', 'url']],
  [{ auth: { ...oauth2, token_url: 'https://login.example.com/…' } }, ['body', 'auth', 'token_url']],
])('what a secret is shown as is no secret of a new endpoint: %j', async (given, loc) => {
  const refused = await gateway.ask('POST', PATH, { body: { ...valid, ...given } });
  expect(refused).toMatchObject({ status: 422, json: { detail: [{ loc, type: 'masked_secret' }] } });
  const { id } = await created();
  expect(await patch(id, given)).toMatchObject({ status: 422, json: { detail: [{ loc }] } });
});

const rotate = (id: string, body: object = {}, key: string | null = gateway.adminKey) =>
  gateway.ask('POST', `${PATH}/${id}/rotate-secret`, { key, body });

test.each([
  [{ auth: { type: 'basic', username: 'socmate', password: 'basic-s3cret-1' } }, {}, 'auth'],
  [{ auth: oauth2 }, { auth: { ...oauth2, client_secret: '****abcd' } }, 'auth'],
  [{ headers }, {}, 'headers'],
  [{ headers }, { headers: { 'X-Api-Key': '****wxyz' } }, 'headers'],
])('what is stored for one host follows the URL to no other: %j', async (given, only, field) => {
  const { id } = await created(given);
  const refused = await patch(id, { url: 'https://other.example.com/a', ...only });
  expect(refused.status).toBe(422);
  expect(refused.json).toMatchObject({ detail: [{ loc: ['body', field] }] });
  expect((await patch(id, { url: 'https://hooks.example.com/b' })).status).toBe(200);
  const again = { auth: { type: 'none' }, headers: { 'X-Api-Key': 'another' } };
  expect((await patch(id, { url: 'https://other.example.com/a', ...again })).status).toBe(200);
});

test('a patch with the URL that is stored leaves the endpoint’s health as it is', async () => {
  const { id } = await created();
  await pool.query('INSERT INTO endpoint_health (endpoint_id, failures) VALUES ($1, 3)', [id]);
  const health = async () => (await pool.query('SELECT FROM endpoint_health')).rowCount;
  expect((await patch(id, { url: valid.url, name: 'renamed' })).status).toBe(200);
  expect(await health()).toBe(1);
  expect((await patch(id, { url: 'https://hooks.example.com/b' })).status).toBe(200);
  expect(await health()).toBe(0);
});

test('a rotation answers a new secret once, and keeps the old one for as long as they overlap', async () => {
  const { id, secret } = await created();
  const rotated = await rotate(id, { overlap_hours: 2 });
  expect(rotated.status).toBe(200);
  expect(rotated.headers.get('cache-control')).toBe('no-store');
  expect(rotated.json).toEqual({
    id,
    secret: expect.stringMatching(/^whsec_/),
    previous_secret_expires_at: expect.any(String),
  });
  expect(rotated.json.secret).not.toBe(secret);
  const leftMs = Date.parse(rotated.json.previous_secret_expires_at) - Date.now();
  expect(leftMs / 3_600_000).toBeCloseTo(2, 1);
  const row = await rowOf(id);
  const sealer = createSealer(parseMasterKeys(gateway.config.MASTER_KEYS));
  const context = sealContext.webhookSecret(id);
  expect(sealer.open(row.secret_sealed, context)).toBe(rotated.json.secret);
  expect(sealer.open(row.previous_secret_sealed, context)).toBe(secret);
  const { json } = await get(id);
  expect(json.previous_secret_expires_at).toBe(rotated.json.previous_secret_expires_at);
  const audit = await gateway.ask('GET', `/api/admin/audit-log?target_id=${id}`);
  expect(audit.json.items[0].action).toBe('webhook_endpoint.secret_rotated');
  expect(JSON.stringify([json, audit.json])).not.toContain(rotated.json.secret.slice('whsec_'.length));
});

test('a rotation without overlap forgets the old secret at once; one’s own secret is taken', async () => {
  const { id } = await created();
  await rotate(id);
  const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
  const rotated = await rotate(id, { overlap_hours: 0, secret });
  expect(rotated.json).toEqual({ id, secret, previous_secret_expires_at: null });
  expect(await rowOf(id)).toMatchObject({ previous_secret_sealed: null, previous_secret_expires_at: null });
});

test('the same rotation sent again under its key is made once', async () => {
  const { id } = await created();
  const again = () =>
    gateway.ask('POST', `${PATH}/${id}/rotate-secret`, { body: {}, headers: { 'idempotency-key': 'once' } });
  const [first, second] = [await again(), await again()];
  expect(second.json).toEqual(first.json);
  const other = { body: { overlap_hours: 1 }, headers: { 'idempotency-key': 'once' } };
  expect((await gateway.ask('POST', `${PATH}/${id}/rotate-secret`, other)).status).toBe(409);
});

test.each([
  [{ overlap_hours: 169 }, 'overlap_hours'],
  [{ overlap_hours: -1 }, 'overlap_hours'],
  [{ overlap_hours: 1.5 }, 'overlap_hours'],
  [{ secret: 'whsec_short' }, 'secret'],
  [{ hours: 1 }, 'hours'],
])('a rotation with %j is 422 and changes nothing', async (body, field) => {
  const { id } = await created();
  const before = await rowOf(id);
  const { status, json } = await rotate(id, body);
  expect([status, json.detail[0].loc]).toEqual([422, ['body', field]]);
  expect(await rowOf(id)).toEqual(before);
});

test('rotating asks for the scope to write, and listing what was held back for the one to read', async () => {
  const { id } = await created();
  const { apiKey: stranger } = await gateway.keyWith(['incidents:read']);
  const heldBack = (key: string | null, path = `${PATH}/${id}/held-back`) =>
    gateway.ask('GET', path, { key });
  for (const [key, rotated, listed] of [
    [null, 401, 401],
    [stranger, 403, 403],
    [reader, 403, 200],
  ] as const) {
    expect((await rotate(id, {}, key)).status).toBe(rotated);
    expect((await heldBack(key)).status).toBe(listed);
  }
  expect((await rotate('whe_unknown')).status).toBe(404);
  expect((await heldBack(reader, `${PATH}/whe_unknown/held-back`)).status).toBe(404);
  expect((await heldBack(reader, `${PATH}/${id}/held-back?limit=101`)).status).toBe(422);
});

test('what was held back is counted and listed, and continued by a cursor', async () => {
  const { id } = await created({ mute_windows: [{ days: ['sat'], from: '00:00', until: '00:00' }] });
  for (const event of ['evt_1', 'evt_2', 'evt_3']) {
    await pool.query(`INSERT INTO event (id, type, cause_key, body) VALUES ($1, 'incident-alert', $1, 'x')`, [
      event,
    ]);
    await pool.query(`INSERT INTO held_back (event_id, endpoint_id, reason) VALUES ($1, $2, 'muted')`, [
      event,
      id,
    ]);
  }
  const first = (await gateway.ask('GET', `${PATH}/${id}/held-back?limit=2`)).json;
  expect(first).toMatchObject({
    total: 3,
    items: [{ event_id: 'evt_3', event_type: 'incident-alert', reason: 'muted', rule: null }, {}],
  });
  const path = `${PATH}/${id}/held-back?limit=2&cursor=${first.next_cursor}`;
  expect((await gateway.ask('GET', path)).json).toMatchObject({ items: [{ event_id: 'evt_1' }] });
});

test('filters, mute windows and the storm threshold are kept as they were given, and changed', async () => {
  const noise = {
    filters: { title_contains: ['spray'], labels: ['vip'] },
    mute_windows: [
      { from: '2026-11-22T10:00:00Z', until: '2026-11-22T12:00:00+01:00' },
      { days: ['sat', 'sun'], from: '22:00', until: '06:00', timezone: 'Europe/Berlin' },
    ],
    storm_threshold: 20,
  };
  expect(await created(noise)).toMatchObject(noise);
  const { id } = await created();
  expect((await patch(id, noise)).json).toMatchObject(noise);
  expect((await patch(id, { filters: {}, mute_windows: [], storm_threshold: null })).json).toMatchObject({
    filters: {},
    mute_windows: [],
    storm_threshold: null,
  });
});
