import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { anEndpoint, aProvider } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/webhooks/endpoints';
const SECRET_URL = 'https://hooks.example.com:8443/services/T000?sig=s3cr3t';
const valid = { name: 'ticketing', url: SECRET_URL, event_types: ['incident-alert'] };
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
  await pool.query('TRUNCATE webhook_endpoint, siem_provider CASCADE');
});

const create = (only: object = {}, key = gateway.adminKey) =>
  gateway.ask('POST', PATH, { key, body: { ...valid, ...only } });
const created = async (only: object = {}) => (await create(only)).json;
const patch = (id: string, body: object) => gateway.ask('PATCH', `${PATH}/${id}`, { body });

test('path and query of a URL are shown to those who may write endpoints, and to nobody else', async () => {
  const { id } = await created();
  for (const path of [PATH, `${PATH}/${id}`]) {
    const { status, json } = await gateway.ask('GET', path, { key: reader });
    expect(status).toBe(200);
    expect((json.items?.[0] ?? json).url).toBe('https://hooks.example.com:8443/…');
    expect((await gateway.ask('GET', path)).json).toMatchObject(
      path === PATH ? { items: [{ url: SECRET_URL }] } : { url: SECRET_URL },
    );
  }
  await patch(id, { url: `${SECRET_URL}2` });
  const audit = await gateway.ask('GET', '/api/admin/audit-log');
  expect(JSON.stringify(audit.json)).not.toContain('s3cr3t');
});

const bodyOf = (path: string) => (path.endsWith('/rotate-secret') ? {} : undefined);

test('without a key it is 401, without the scope 403, misspelt 422, without the endpoint 404', async () => {
  const { id } = await created();
  const calls = [
    ['GET', '', reader],
    ['GET', `/${id}`, reader],
    ['POST', '', null],
    ['PATCH', `/${id}`, null],
    ['DELETE', `/${id}`, null],
    ['POST', `/${id}/test`, null],
    ['POST', `/${id}/enable`, null],
    ['POST', `/${id}/disable`, null],
    ['POST', `/${id}/rotate-secret`, null],
    ['GET', `/${id}/held-back`, reader],
    ['GET', '/../event-types', reader],
  ] as const;
  const { apiKey: stranger } = await gateway.keyWith(['incidents:read']);
  for (const [method, path, mayRead] of calls) {
    const body = method === 'PATCH' || (method === 'POST' && path === '') ? valid : undefined;
    const ask = (key: string | null) => gateway.ask(method, PATH + path, { key, body });
    expect((await ask(null)).status).toBe(401);
    expect((await ask(stranger)).status).toBe(403);
    expect((await ask(reader)).status).toBe(mayRead === null ? 403 : 200);
    const misspelt = await gateway.ask(method, `${PATH}${path}?nope=1`, { body: body ?? bodyOf(path) });
    expect([misspelt.status, misspelt.json.detail[0].loc]).toEqual([422, ['query', 'nope']]);
    if (!path.startsWith(`/${id}`)) continue;
    const unknown = path.replace(id, 'whe_unknown');
    const missed = await gateway.ask(method, PATH + unknown, { body: body ?? bodyOf(path) });
    expect([path, missed.status]).toEqual([path, 404]);
  }
});

test('a key that is limited to workspaces makes endpoints for these, and sees no others', async () => {
  const eu = await aProvider(pool, { name: 'eu' });
  await aProvider(pool, { name: 'us', is_default: true });
  const scopes = ['webhooks:read', 'webhooks:write'];
  const { apiKey } = await gateway.keyWith(scopes, { providers: [eu.id] });
  const mine = await create({}, apiKey);
  expect(mine.json.providers).toEqual(['eu']);
  expect((await create({ providers: ['us'] }, apiKey)).status).toBe(422);
  const everyones = await created();
  await created({ providers: ['us', 'eu'] });
  const { json } = await gateway.ask('GET', PATH, { key: apiKey });
  expect(json).toMatchObject({ total: 1, items: [{ id: mine.json.id }] });
  for (const method of ['GET', 'DELETE'] as const)
    expect((await gateway.ask(method, `${PATH}/${everyones.id}`, { key: apiKey })).status).toBe(404);
  const widened = { key: apiKey, body: { providers: null } };
  expect((await gateway.ask('PATCH', `${PATH}/${mine.json.id}`, widened)).json.providers).toEqual(['eu']);
});

test('an endpoint of a sealing key that is gone is 503 to writers, never shown wrong', async () => {
  const { id } = await anEndpoint(pool, { url_sealed: 'v1.gone.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA' });
  expect((await gateway.ask('GET', `${PATH}/${id}`)).status).toBe(503);
  expect((await gateway.ask('GET', `${PATH}/${id}`, { key: reader })).status).toBe(200);
});
