import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Receiver, startReceiver, until } from '@socmate/testing';
import { type Api, openApi } from '../system/api.ts';
import { type OtlpCollector, startOtlpCollector } from '../system/otlp-collector.ts';
import { type System, startSystem } from '../system/start-system.ts';

const PATH = '/api/v1/webhooks/endpoints';
const HEADERS = { 'X-Api-Key': 'header-s3cret-1', 'X-Team': 'team-s3cret-2' };
const ECHOED = 'access-s3cret-t0ken';
let collector: OtlpCollector;
let receiver: Receiver;
let system: System;
let reader: Api;

beforeAll(async () => {
  collector = await startOtlpCollector();
  receiver = await startReceiver((request, index) => {
    if (request.path.startsWith('/token')) {
      return { status: 200, body: JSON.stringify({ access_token: ECHOED, expires_in: 60 }) };
    }
    const status = [500, 401, 302, 200][index % 4] ?? 200;
    const headers = { 'x-echo': String(request.headers.authorization), location: request.path };
    return { status, headers, body: JSON.stringify(request) };
  });
  system = await startSystem({
    LOG_LEVEL: 'debug',
    WEBHOOK_RETRY_SCHEDULE: '0.1,0.1',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  const key = { name: 'reader', scopes: ['webhooks:read', 'admin'] };
  const { body } = await system.api('POST', '/api/admin/api-keys', key);
  reader = openApi(system.gatewayUrl, body.api_key);
}, 60_000);
afterAll(async () => {
  await system?.close();
  await receiver?.close();
  await collector?.close();
}, 60_000);

const endpoints = () => {
  const common = { event_types: ['incident-alert'], headers: HEADERS };
  const hook = `${receiver.url}/hook/path-s3cret?sig=query-s3cret`;
  return [
    {
      ...common,
      name: 'oauth2',
      url: hook,
      auth: {
        type: 'oauth2_client_credentials',
        token_url: `${receiver.url}/token?code=token-url-s3cret`,
        client_id: 'c',
        client_secret: 'client-s3cret',
      },
    },
    { ...common, name: 'basic', url: hook, auth: { type: 'basic', username: 'u', password: 'basic-s3cret' } },
    { ...common, name: 'header', url: hook, auth: { type: 'header', name: 'X-T', value: 'auth-s3cret' } },
    { ...common, name: 'away', url: 'http://127.0.0.1:1/path-s3cret?sig=query-s3cret' },
    {
      ...common,
      name: 'no tokens',
      url: hook,
      auth: {
        type: 'oauth2_client_credentials',
        token_url: 'http://127.0.0.1:1/token-url-s3cret',
        client_id: 'c',
        client_secret: 'client-s3cret',
      },
    },
  ];
};

/** Creates, tests, rotates and changes an endpoint; answers its secrets and its delivery. */
async function use(given: object): Promise<{ id: string; deliveryId: string; secrets: string[] }> {
  const created = await system.api('POST', PATH, given);
  expect(created.status).toBe(201);
  const { id, secret } = created.body;
  const rotated = await system.api('POST', `${PATH}/${id}/rotate-secret`, {});
  const tested = await system.api('POST', `${PATH}/${id}/test`);
  await system.api('PATCH', `${PATH}/${id}`, { headers: { ...HEADERS, 'X-Bad': 'bad-s3cret\n' } });
  await system.api('PATCH', `${PATH}/${id}`, { url: 'https://10.0.0.1/refused-s3cret?sig=refused-s3cret' });
  const secrets = [secret, rotated.body.secret].map((text: string) => text.slice('whsec_'.length));
  return { id, deliveryId: tested.body.delivery_id, secrets };
}

async function everyRow(): Promise<string> {
  const { rows: tables } = await system.database.query(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  const dumps = tables.map(async ({ name }) => {
    const { rows } = await system.database.query(`SELECT t::text AS row FROM "${name}" AS t`);
    return rows.map(({ row }) => row as string).join('\n');
  });
  return (await Promise.all(dumps)).join('\n');
}

test('no secret of an endpoint is in an answer after its creation, a log, a trace, a metric or a row', async () => {
  const used = [];
  for (const given of endpoints()) used.push(await use(given));
  for (const { deliveryId } of used) {
    await until('the delivery has ended', async () => {
      const { body } = await reader('GET', `/api/v1/webhooks/deliveries/${deliveryId}`);
      return body.status !== 'pending';
    });
  }
  await until('the attempts are exported', () => {
    const attempts = collector.spans.filter(({ name }) => name === 'deliver-webhook attempt');
    return new Set(attempts.map(({ attributes }) => attributes['socmate.endpoint.id'])).size === used.length;
  });
  const answers = await Promise.all([
    reader('GET', PATH),
    reader('GET', '/api/admin/audit-log?limit=100'),
    ...used.map(({ id }) => reader('GET', `${PATH}/${id}`)),
    ...used.map(({ deliveryId }) => reader('GET', `/api/v1/webhooks/deliveries/${deliveryId}`)),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const metrics = await Promise.all(
    Object.values(system.services).map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  );
  const places = {
    answers: JSON.stringify(answers.map(({ body }) => body)),
    logs: system.logLines.join('\n'),
    traces: JSON.stringify(collector.spans),
    metrics: metrics.join('\n'),
    rows: await everyRow(),
  };
  expect(places.logs).toContain(used[0]?.deliveryId);
  expect(places.rows).toContain(used[0]?.deliveryId);
  expect(places.rows).toContain('****');
  expect(places.metrics).toContain('socmate_delivery_attempts');
  const basic = Buffer.from('u:basic-s3cret').toString('base64');
  const secrets = ['s3cret', basic, ...used.flatMap(({ secrets: own }) => own)];
  const found = Object.entries(places).flatMap(([place, text]) =>
    secrets
      .filter((secret) => text.includes(secret))
      .map((secret) => `${place}: ${text.slice(text.indexOf(secret) - 200, text.indexOf(secret) + 40)}`),
  );
  expect(found).toEqual([]);
}, 60_000);
