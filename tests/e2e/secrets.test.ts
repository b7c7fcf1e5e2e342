import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ConnectProxy, type Receiver, startConnectProxy, startReceiver, until } from '@socmate/testing';
import { type Api, openApi } from '../system/api.ts';
import { type OtlpCollector, startOtlpCollector } from '../system/otlp-collector.ts';
import { type System, startSystem } from '../system/start-system.ts';

const PATH = '/api/v1/webhooks/endpoints';
const HEADERS = { 'X-Api-Key': 'header-s3cret-1', 'X-Team': 'team-s3cret-2' };
const PROXY_PASSWORD = 'proxy-s3cret';
const ECHOED = 'access-s3cret-t0ken';
let collector: OtlpCollector;
let receiver: Receiver;
let proxy: ConnectProxy;
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
    return { status, headers, body: `Cannot POST ${request.path.split('?')[0]} ${JSON.stringify(request)}` };
  });
  // Nothing listens on port 1; on port 2 it is the proxy itself that refuses.
  proxy = await startConnectProxy((authority) => {
    const port = Number(authority.split(':').at(-1));
    return port === 1 ? { status: 502 } : port === 2 ? { status: 407 } : { port };
  });
  system = await startSystem({
    LOG_LEVEL: 'debug',
    WEBHOOK_RETRY_SCHEDULE: '0.1,0.1',
    WEBHOOK_EGRESS_PROXY: `http://egress:${PROXY_PASSWORD}@127.0.0.1:${proxy.port}`,
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
  await proxy?.close();
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
    { ...common, name: 'unproxied', url: 'http://127.0.0.1:2/path-s3cret?sig=query-s3cret' },
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

interface Used {
  readonly name: string;
  readonly id: string;
  readonly eventId: string;
  readonly deliveryId: string;
  /** Both signing secrets. */
  readonly secrets: readonly string[];
  readonly refusals: readonly unknown[];
}

const refused = [
  { headers: { ...HEADERS, 'X-Bad': 'bad-s3cret\nX: y' } },
  { url: 'https://10.0.0.1/refused-s3cret?sig=refused-s3cret' },
  { secret: 'whsec_refused-s3cret' },
  { auth: { type: 'basic', username: 'u:', password: 'refused-s3cret' } },
  { auth: { type: 'header', name: 'host', value: 'refused-s3cret' } },
];

/** Creates, rotates, tests, and changes an endpoint in ways that are refused. */
async function use(given: { readonly name: string }): Promise<Used> {
  const created = await system.api('POST', PATH, given);
  expect(created.status).toBe(201);
  const { id, secret } = created.body;
  const rotated = await system.api('POST', `${PATH}/${id}/rotate-secret`, {});
  const { body: tested } = await system.api('POST', `${PATH}/${id}/test`);
  const refusals = await Promise.all(refused.map((change) => system.api('PATCH', `${PATH}/${id}`, change)));
  expect(refusals.map(({ status }) => status)).toEqual(refused.map(() => 422));
  const secrets = [secret, rotated.body.secret].map((text: string) => text.slice('whsec_'.length));
  const { event_id: eventId, delivery_id: deliveryId } = tested;
  return { name: given.name, id, eventId, deliveryId, secrets, refusals: refusals.map(({ body }) => body) };
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

/** Every command that Redis was ever given. */
const everyCommand = (): string =>
  readdirSync(system.redis.dataFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');

/** What can be read of them. */
async function everyAnswer(api: Api, used: readonly Used[]): Promise<string> {
  const root = '/api/v1/webhooks';
  const paths = [
    PATH,
    `${root}/event-types`,
    `${root}/events`,
    `${root}/deliveries`,
    '/api/admin/audit-log?limit=100',
    ...used.flatMap(({ id }) => ['', '/stats', '/held-back'].map((part) => `${PATH}/${id}${part}`)),
    ...used.map(({ eventId }) => `${root}/events/${eventId}`),
    ...used.map(({ deliveryId }) => `${root}/deliveries/${deliveryId}`),
  ];
  const answers = await Promise.all(paths.map((path) => api('GET', path)));
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  return JSON.stringify(answers.map(({ body }) => body));
}

async function attempted(used: readonly Used[]): Promise<void> {
  for (const { name, deliveryId } of used) {
    await until(`${name} was attempted`, async () => {
      if (name === 'unproxied') return system.logLines.some((line) => isPutBack(line, deliveryId));
      const { body } = await reader('GET', `/api/v1/webhooks/deliveries/${deliveryId}`);
      return body.status !== 'pending';
    });
  }
  await until('the attempts are exported', () => {
    const attempts = collector.spans.filter(({ name }) => name === 'deliver-webhook attempt');
    return new Set(attempts.map(({ attributes }) => attributes['socmate.endpoint.id'])).size === used.length;
  });
}

const isPutBack = (line: string, deliveryId: string): boolean =>
  line.includes('delivery could not be attempted') && line.includes(deliveryId);

/** What a writer of endpoints may read: the URL, and headers that are not sensitive. */
const SHOWN_TO_WRITERS = /(?:path|query|token-url|team)-s3cret/g;

test('no secret of an endpoint is in an answer after its creation, a log, a trace, a metric or a row', async () => {
  const used: Used[] = [];
  for (const given of endpoints()) used.push(await use(given));
  await attempted(used);
  const metrics = await Promise.all(
    Object.values(system.services).map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  );
  const places = {
    answers: await everyAnswer(reader, used),
    'answers to writers': (await everyAnswer(system.api, used)).replaceAll(SHOWN_TO_WRITERS, ''),
    refusals: JSON.stringify(used.map(({ refusals }) => refusals)),
    logs: system.logLines.join('\n'),
    traces: JSON.stringify(collector.spans),
    metrics: metrics.join('\n'),
    rows: await everyRow(),
    redis: everyCommand(),
  };
  const [first] = used as [Used];
  for (const place of ['answers', 'answers to writers', 'logs', 'traces', 'rows', 'redis'] as const)
    expect([place, places[place].includes(first.id)]).toEqual([place, true]);
  expect(places.rows).toContain('webhook_endpoint.secret_rotated');
  expect(places.rows).toContain('****');
  expect(places.metrics).toContain('socmate_delivery_attempts');
  expect(proxy.asked.every(({ authorization }) => authorization !== undefined)).toBe(true);
  const encoded = [`u:basic-s3cret`, `egress:${PROXY_PASSWORD}`].map((text) =>
    Buffer.from(text).toString('base64'),
  );
  const secrets = ['s3cret', ...encoded, ...used.flatMap(({ secrets: own }) => own)];
  const found = Object.entries(places).flatMap(([place, text]) =>
    secrets
      .filter((secret) => text.includes(secret))
      .map((secret) => `${place}: ${text.slice(text.indexOf(secret) - 200, text.indexOf(secret) + 40)}`),
  );
  expect(found).toEqual([]);
}, 60_000);
