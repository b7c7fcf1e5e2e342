import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { type Simulator, startSimulator } from './index.ts';
import { askToken, connection, send, type TokenForm } from './test-client.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

const OTHER = '11111111-2222-4333-8444-555555555555';

test('discovery leads to the token endpoint and to the keys that a token verifies with', async () => {
  const { tenant_id, client_id } = connection(simulator);
  const { body } = await send(simulator, `/${tenant_id}/v2.0/.well-known/openid-configuration`);
  const { token_endpoint, jwks_uri } = body as Record<string, string>;
  expect(token_endpoint).toBe(`${simulator.url}/${tenant_id}/oauth2/v2.0/token`);
  const { body: keys } = await send(simulator, jwks_uri ?? '');
  const token = (await askToken(simulator)).body as Record<string, unknown>;
  const { payload, protectedHeader } = await jwtVerify(
    String(token['access_token']),
    createLocalJWKSet(keys as JSONWebKeySet),
  );
  expect(protectedHeader.alg).toBe('RS256');
  expect(payload).toMatchObject({
    aud: 'https://management.azure.com',
    appid: client_id,
    tid: tenant_id,
    exp: (payload.iat ?? 0) + 3_599,
  });
  expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 3_599 });
});

test.each<[string, TokenForm, string | undefined, number, string, number]>([
  ['a wrong secret', { client_secret: 'wrong' }, undefined, 401, 'invalid_client', 7_000_215],
  ['no secret', { client_secret: '' }, undefined, 401, 'invalid_client', 7_000_216],
  ['an unknown client', { client_id: OTHER }, undefined, 400, 'unauthorized_client', 700_016],
  ['an unknown tenant', {}, OTHER, 400, 'invalid_request', 90_002],
  ['a tenant that is none', {}, 'contoso', 400, 'invalid_request', 900_023],
  ['another grant', { grant_type: 'password' }, undefined, 400, 'unsupported_grant_type', 70_003],
  ['no grant', { grant_type: '' }, undefined, 400, 'invalid_request', 900_144],
  ['a bare scope', { scope: 'openid' }, undefined, 400, 'invalid_scope', 1_002_012],
  [
    'a foreign resource',
    { scope: 'https://x.example/.default' },
    undefined,
    400,
    'invalid_resource',
    500_011,
  ],
])('%s fails as Entra fails it', async (...row) => {
  const [, form, tenant, status, error, code] = row;
  const answer = await askToken(simulator, form, tenant);
  expect(answer.status).toBe(status);
  expect(answer.body).toEqual({
    error,
    error_description: expect.stringMatching(
      new RegExp(`^AADSTS${code}: .* Trace ID: .* Correlation ID: .* Timestamp: .*Z$`),
    ),
    error_codes: [code],
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/),
    trace_id: expect.any(String),
    correlation_id: expect.any(String),
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  });
});

test('an unknown tenant has no discovery document', async () => {
  const { status, body } = await send(simulator, `/${OTHER}/v2.0/.well-known/openid-configuration`);
  expect([status, (body as { error_codes: number[] }).error_codes]).toEqual([400, [90_002]]);
});
