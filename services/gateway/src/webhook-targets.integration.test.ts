import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sealContext } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import { createPool, type Pool } from '@socmate/database';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

interface Vectors {
  readonly block: readonly string[];
  readonly allow: readonly string[];
  readonly refused_by_our_policy_though_others_allow: readonly string[];
}

const file = new URL('../../../packages/egress/fixtures/ssrf-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
const PATH = '/api/v1/webhooks/endpoints';
let production: GatewayUnderTest;
let local: GatewayUnderTest;
let id: string;
let pool: Pool;

beforeAll(async () => {
  production = await startGatewayUnderTest();
  local = await startGatewayUnderTest({
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOWED_PORTS: '*',
    WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8,::1/128',
  });
  pool = createPool(production.config.DATABASE_URL, { size: 2, name: 'test' });
  id = (await create(production, 'https://hooks.example.com/a')).json.id;
});
afterAll(async () => {
  await pool.end();
  await production.close();
  await local.close();
});

const create = (gateway: GatewayUnderTest, url: string) =>
  gateway.ask('POST', PATH, { body: { name: 'a', url, event_types: ['incident-alert'] } });
const urlOf = (address: string): string => `https://${address.includes(':') ? `[${address}]` : address}/hook`;

/** What is answered where the URL is created and where an endpoint is changed to it. */
const answersTo = async (url: string) => [
  await create(production, url),
  await production.ask('PATCH', `${PATH}/${id}`, { body: { url } }),
];
const withTokensFrom = (url: string) => ({
  auth: { type: 'oauth2_client_credentials', token_url: url, client_id: 'c', client_secret: 's3cret' },
});

/** The same of the address that an endpoint's access tokens come from. */
const answersToTokens = async (url: string) => {
  const body = { name: 'a', url: 'https://hooks.example.com/a', event_types: ['incident-alert'] };
  return [
    await production.ask('POST', PATH, { body: { ...body, ...withTokensFrom(url) } }),
    await production.ask('PATCH', `${PATH}/${id}`, { body: withTokensFrom(url) }),
  ];
};
const tokenRefusal = (type: unknown) => ({
  status: 422,
  json: { detail: [{ loc: ['body', 'auth', 'token_url'], msg: expect.any(String), type }] },
});
const refusal = (type: unknown) => ({
  status: 422,
  json: { detail: [{ loc: ['body', 'url'], msg: expect.any(String), type }] },
});

test('there are 82 forbidden addresses and 11 allowed ones', () => {
  expect([vectors.block.length, vectors.allow.length]).toEqual([82, 11]);
});

test.each([...vectors.block, ...vectors.refused_by_our_policy_though_others_allow])(
  '%s is refused as a target and as a source of tokens, on create and on change',
  async (address) => {
    const refused = refusal('blocked_target');
    expect(await answersTo(urlOf(address))).toMatchObject([refused, refused]);
    const refusedTokens = tokenRefusal('blocked_target');
    expect(await answersToTokens(urlOf(address))).toMatchObject([refusedTokens, refusedTokens]);
  },
);

test.each([
  'https://2130706433/hook',
  'https://0x7f.1/hook',
  'https://127.1/hook',
  'https://[::ffff:127.0.0.1]/hook',
  'https://localhost/hook',
  'https://intranet/hook',
  'http://hooks.example.com/hook',
  'https://hooks.example.com:22/hook',
  'https://user:password@hooks.example.com/hook',
  'ftp://hooks.example.com/hook',
  'file:///etc/passwd',
  'hooks.example.com/hook',
  'https://',
  '',
])('%j is refused as a target, on create and on change', async (url) => {
  const refused = refusal(expect.any(String));
  expect(await answersTo(url)).toMatchObject([refused, refused]);
  const refusedTokens = tokenRefusal(expect.any(String));
  expect(await answersToTokens(url)).toMatchObject([refusedTokens, refusedTokens]);
});

test('a refused change leaves the URL that was there', async () => {
  const { json } = await production.ask('GET', `${PATH}/${id}`);
  expect(json.url).toBe('https://hooks.example.com/a');
});

test.each(vectors.allow)('%s is taken as a target, on create and on change', async (address) => {
  const url = urlOf(address);
  expect((await create(production, url)).status).toBe(201);
  // The one before has tried tokens, whose secret goes to no other host.
  const body = { url, auth: { type: 'none' } };
  const { status, json } = await production.ask('PATCH', `${PATH}/${id}`, { body });
  expect(status).toBe(200);
  expect(json.url).toBe(url);
  expect((await answersToTokens(url)).map((answer) => answer.status)).toEqual([201, 200]);
  const back = { url: 'https://hooks.example.com/a', auth: { type: 'none' } };
  await production.ask('PATCH', `${PATH}/${id}`, { body: back });
});

/** What a test of an endpoint answers whose URL was taken by an earlier policy. */
async function tested(url: string) {
  const { json } = await create(production, 'https://hooks.example.com/a');
  const sealer = createSealer(parseMasterKeys(production.config.MASTER_KEYS));
  const sealed = sealer.seal(url, sealContext.webhookUrl(json.id));
  await pool.query('UPDATE webhook_endpoint SET url_sealed = $2 WHERE id = $1', [json.id, sealed]);
  return production.ask('POST', `${PATH}/${json.id}/test`);
}

test('a test of an endpoint at a forbidden address is 409, sends nothing and is not audited', async () => {
  const counts = async (): Promise<unknown> =>
    (
      await pool.query(`SELECT (SELECT count(*) FROM delivery) AS deliveries,
        (SELECT count(*) FROM audit_log WHERE action = 'webhook_endpoint.tested') AS audited`)
    ).rows;
  const before = await counts();
  for (const address of vectors.block) {
    const { status, json } = await tested(urlOf(address));
    expect([address, status]).toEqual([address, 409]);
    expect(json.detail).toMatch(/Change its URL/);
    expect(json.detail).not.toContain(address);
  }
  expect(await counts()).toEqual(before);
});

test('a test of an endpoint at an allowed address is taken', async () => {
  for (const address of vectors.allow) expect((await tested(urlOf(address))).status).toBe(202);
});

test('what an operator opened is taken there, and nothing beside it', async () => {
  expect((await create(local, 'http://127.0.0.1:12345/hook')).status).toBe(201);
  expect((await create(local, 'http://[::1]:12345/hook')).status).toBe(201);
  expect((await create(local, 'http://10.0.0.1:12345/hook')).status).toBe(422);
});
