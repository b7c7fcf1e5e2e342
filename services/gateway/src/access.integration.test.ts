import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApiKey } from '@socmate/crypto';
import { until } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';
import { openApiDocument } from './openapi.ts';

const path = '/api/admin/api-keys';
const DAY_MS = 86_400_000;

let aheadMs = 0;
let gateway: GatewayUnderTest;
beforeAll(async () => {
  const clock = { now: () => new Date(Date.now() + aheadMs) };
  gateway = await startGatewayUnderTest({}, { clock });
});
afterAll(() => gateway.close());

describe('credentials', () => {
  test('a missing key is 401 and says which header is meant', async () => {
    const { status, json, headers } = await gateway.ask('GET', path, { key: null });
    expect([status, json.code]).toEqual([401, 'unauthenticated']);
    expect(json.detail).toContain('X-API-Key');
    expect(headers.get('www-authenticate')).toContain('X-API-Key');
  });

  test('a wrong secret, an unknown key id and what is no key are told apart by nobody', async () => {
    const { apiKey } = createApiKey();
    const wrong = `${gateway.adminKey.slice(0, -2)}zz`;
    const answers = await Promise.all(
      [wrong, apiKey, 'sk_live_', 'Bearer x', '💥'.length.toString()].map((key) =>
        gateway.ask('GET', path, { key }),
      ),
    );
    for (const { status, json } of answers)
      expect([status, json.detail]).toEqual([401, 'the API key is not valid']);
  });

  test('the state of a disabled key is told only to who knows its secret', async () => {
    const { id, apiKey } = await gateway.keyWith(['admin']);
    await gateway.ask('POST', `${path}/${id}/disable`);
    const guessed = await gateway.ask('GET', path, { key: `${apiKey.slice(0, -2)}zz` });
    expect(guessed.json.detail).toBe('the API key is not valid');
  });

  test('a key works until its end and is 401 from then on, saying when that was', async () => {
    const { apiKey } = await gateway.keyWith(['admin'], { expires_in_days: 1 });
    expect((await gateway.ask('GET', path, { key: apiKey })).status).toBe(200);
    aheadMs = DAY_MS;
    const { status, json } = await gateway.ask('GET', path, { key: apiKey });
    aheadMs = 0;
    expect([status, json.detail]).toEqual([401, expect.stringMatching(/^the API key expired at 20/)]);
  });

  test('a key that another gateway disabled is refused here within two seconds', async () => {
    const other = await startGatewayUnderTest({}, {}, (config) => ({
      ...config,
      DATABASE_URL: gateway.config.DATABASE_URL,
    }));
    try {
      const { id, apiKey } = await gateway.keyWith(['admin']);
      expect((await other.ask('GET', path, { key: apiKey })).status).toBe(200);
      await gateway.ask('POST', `${path}/${id}/disable`);
      const isRefused = async () => (await other.ask('GET', path, { key: apiKey })).status === 401;
      await until('the other gateway refuses it', isRefused, { timeoutMs: 2_500 });
    } finally {
      await other.close();
    }
  });

  test('a key without the scope is 403 and names it', async () => {
    const { apiKey } = await gateway.keyWith(['incidents:read', 'webhooks:write']);
    const { status, json } = await gateway.ask('GET', path, { key: apiKey });
    expect([status, json]).toEqual([
      403,
      { detail: "this needs the scope 'admin'", code: 'forbidden', request_id: expect.any(String) },
    ]);
  });

  test('a body is not read before the key is known to be good', async () => {
    const { status } = await gateway.ask('POST', path, { key: null, body: '{"name":' });
    expect(status).toBe(401);
  });
});

describe('rates', () => {
  test('every answer to a key says its rate, and the one over it is 429 with the time to wait', async () => {
    const { apiKey } = await gateway.keyWith(['admin'], { rate_limit_per_minute: 2 });
    const first = await gateway.ask('GET', path, { key: apiKey });
    const second = await gateway.ask('GET', `${path}/unknown`, { key: apiKey });
    const third = await gateway.ask('GET', path, { key: apiKey });
    expect([first.status, second.status, third.status]).toEqual([200, 404, 429]);
    const { headers, json } = third;
    expect([headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]).toEqual(['2', '0']);
    expect(Number(headers.get('retry-after'))).toBe(Number(headers.get('ratelimit-reset')));
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(json.code).toBe('rate_limited');
    expect(first.headers.get('ratelimit-remaining')).toBe('1');
  });

  test('one key over its limit leaves another alone', async () => {
    const { apiKey } = await gateway.keyWith(['admin'], { rate_limit_per_minute: 1 });
    const { apiKey: other } = await gateway.keyWith(['admin'], { rate_limit_per_minute: 1 });
    await gateway.ask('GET', path, { key: apiKey });
    expect((await gateway.ask('GET', path, { key: apiKey })).status).toBe(429);
    expect((await gateway.ask('GET', path, { key: other })).status).toBe(200);
  });
});

describe('bad input', () => {
  test.each([
    { what: 'malformed JSON', body: '{"name":', headers: {}, status: 400, code: 'malformed' },
    {
      what: 'no JSON at all',
      body: 'a=b',
      headers: { 'content-type': 'text/plain' },
      status: 415,
      code: 'unsupported_media_type',
    },
    { what: 'another type than an object', body: '[1]', headers: {}, status: 422, code: 'invalid_input' },
    {
      what: '5 MB',
      body: `{"name":"${'a'.repeat(5_000_000)}"}`,
      headers: {},
      status: 413,
      code: 'too_large',
    },
  ])('a body of $what is refused', async ({ body, headers, status, code }) => {
    const answer = await gateway.ask('POST', path, { body, headers });
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  test('an unknown path is 404 in the one form of errors, with a key or without', async () => {
    const { status, json, headers } = await gateway.ask('GET', '/api/v2/incidents', { key: null });
    expect([status, json.code, json.request_id]).toEqual([404, 'not_found', headers.get('x-request-id')]);
  });
});

describe('health', () => {
  test('it lives and is ready without a key; a graph that is not configured makes it degraded, not unready', async () => {
    expect((await gateway.ask('GET', '/health/live', { key: null })).json).toEqual({ status: 'ok' });
    const { status, json } = await gateway.ask('GET', '/health/ready', { key: null });
    expect([status, json.status, json.checks.postgres]).toEqual([200, 'degraded', { status: 'ok' }]);
    expect(json.checks.neo4j.message).toContain('NEO4J_URI');
  });

  test('metrics answer on the health port and not on the public one', async () => {
    expect((await gateway.ask('GET', '/metrics', { key: null })).status).toBe(404);
    const health = await fetch(`${gateway.healthUrl}/health/ready`);
    expect(health.status).toBe(200);
  });
});

test('what no database can hold is refused as an id and as a filter, on every route', async () => {
  const { paths } = openApiDocument() as { paths: Record<string, object> };
  const requests = Object.entries(paths)
    .filter(([template]) => template.includes('{'))
    .flatMap(([template, operations]) =>
      Object.keys(operations).map((method) => ({ method, template: template.replace(/\{\w+\}/, '%00') })),
    );
  requests.push({ method: 'get', template: '/api/admin/audit-log?actor=%00' });
  for (const { method, template } of requests) {
    const body = ['post', 'patch'].includes(method) ? {} : undefined;
    const { status } = await gateway.ask(method.toUpperCase(), template, { body });
    expect([method, template, status]).toEqual([method, template, 422]);
  }
});
