import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  type ConnectProxy,
  type Receiver,
  startConnectProxy,
  startReceiver,
  type Tunnelling,
  until,
} from '@socmate/testing';
import { type NotifierFixture, openNotifierFixture } from './notifier-fixture.ts';

const vectorFile = new URL('../../../packages/egress/fixtures/ssrf-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(vectorFile, 'utf8')) as { block: string[]; allow: string[] };
const urlOf = (address: string): string =>
  `http://${address.includes(':') ? `[${address}]` : address}/hook?at=${encodeURIComponent(address)}`;
const pathOf = (address: string): string => `/hook?at=${encodeURIComponent(address)}`;

let fixture: NotifierFixture;
let receiver: Receiver;
let proxy: ConnectProxy;
let refusal: Tunnelling | undefined;

beforeAll(async () => {
  fixture = await openNotifierFixture();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  refusal = undefined;
  receiver = await startReceiver(({ path }) =>
    path.startsWith('/token') ? { status: 200, body: '{"access_token":"t"}' } : { status: 204 },
  );
  proxy = await startConnectProxy(() => refusal ?? { port: Number(new URL(receiver.url).port) });
});
afterEach(async () => {
  await fixture.reset();
  await proxy.close();
  await receiver.close();
});

const start = (env: Readonly<Record<string, string>> = {}): Promise<void> =>
  fixture.start({
    WEBHOOK_ALLOWED_CIDRS: '',
    WEBHOOK_EGRESS_PROXY: `http://user:s3cret@127.0.0.1:${proxy.port}`,
    WEBHOOK_RETRY_SCHEDULE: '3600',
    ...env,
  });
// What a late heartbeat cuts off is sent again: an address may be asked for twice.
const authorities = (): Set<string> => new Set(proxy.asked.map(({ authority }) => authority));
const outcomeOf = async (deliveryId: string): Promise<unknown> => {
  const [attempt] = await until('it was attempted', async () => {
    const attempts = await fixture.attemptsOf(deliveryId);
    return attempts.length > 0 ? attempts : undefined;
  });
  return attempt?.['outcome'];
};

test('through the proxy every allowed address is called, and no forbidden one is asked for', async () => {
  const allowed = await Promise.all(
    vectors.allow.map((address) => fixture.subscribe({ url: urlOf(address) })),
  );
  const forbidden = await Promise.all(
    vectors.block.map((address) => fixture.subscribe({ url: urlOf(address) })),
  );
  const published = await Promise.all([...allowed, ...forbidden].map((id) => fixture.publish(id)));
  await start();
  const outcomes = await Promise.all(published.map(({ deliveryId }) => outcomeOf(deliveryId)));
  expect(outcomes).toEqual([
    ...vectors.allow.map(() => 'success'),
    ...vectors.block.map(() => 'blocked_target'),
  ]);
  const asked = vectors.allow.map((address) => `${new URL(urlOf(address)).host}:80`);
  expect(authorities()).toEqual(new Set(asked));
  expect(new Set(receiver.requests.map(({ path }) => path))).toEqual(new Set(vectors.allow.map(pathOf)));
});

test('access tokens are asked for through the proxy, and forbidden ones are not', async () => {
  const auth = (address: string) => ({
    type: 'oauth2_client_credentials',
    token_url: `http://${address}/token`,
    client_id: 'c',
    client_secret: 'client-s3cret',
  });
  await start();
  await fixture.deliver(await fixture.subscribe({ url: 'http://8.8.8.8/hook', auth: auth('1.1.1.1') }));
  expect(authorities()).toEqual(new Set(['1.1.1.1:80', '8.8.8.8:80']));
  const inside = await fixture.subscribe({ url: 'http://8.8.8.8/hook', auth: auth('10.0.0.1') });
  const { deliveryId } = await fixture.publish(inside);
  expect(await outcomeOf(deliveryId)).toBe('blocked_target');
  expect(authorities().size).toBe(2);
});

test('a proxy that is refused or away costs no attempt, and charges no endpoint', async () => {
  refusal = { status: 407 };
  const endpointId = await fixture.subscribe({ url: 'http://8.8.8.8/hook' });
  const { deliveryId } = await fixture.publish(endpointId);
  await start();
  await until('the delivery was put back', async () => {
    const { rows } = await fixture.pool.query(
      `SELECT FROM delivery WHERE id = $1 AND lease_owner IS NULL AND due_at > now() + interval '5 seconds'`,
      [deliveryId],
    );
    return rows.length > 0;
  });
  expect(authorities()).toEqual(new Set(['8.8.8.8:80']));
  expect(await fixture.attemptsOf(deliveryId)).toEqual([]);
  expect((await fixture.pool.query('SELECT FROM endpoint_health')).rowCount).toBe(0);
  refusal = undefined;
  await fixture.pool.query('UPDATE delivery SET due_at = now()');
  await fixture.ended(deliveryId);
});

test('proxies of the environment are ignored', async () => {
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];
  const before = { ...process.env };
  for (const name of [...names, 'NODE_USE_ENV_PROXY']) process.env[name] = `http://127.0.0.1:${proxy.port}`;
  try {
    await fixture.start();
    await fixture.deliver(await fixture.subscribe({ url: `${receiver.url}/hook` }));
  } finally {
    process.env = before;
  }
  expect(proxy.connections()).toBe(0);
});
