import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createNameLookup } from '@socmate/egress';
import { type Receiver, startNameServer, startReceiver, until } from '@socmate/testing';
import { type NotifierFixture, openNotifierFixture } from './notifier-fixture.ts';

const vectorFile = new URL('../../../packages/egress/fixtures/ssrf-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(vectorFile, 'utf8')) as { readonly block: readonly string[] };

let fixture: NotifierFixture;
let receiver: Receiver;

beforeAll(async () => {
  fixture = await openNotifierFixture();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await fixture.reset();
  await receiver.close();
});

const tokensFrom = (token_url: string) => ({
  type: 'oauth2_client_credentials',
  token_url,
  client_id: 'client-1',
  client_secret: 'oauth-s3cret',
});
const attempted = (deliveryId: string) =>
  until('it was attempted', async () => (await fixture.attemptsOf(deliveryId)).length > 0);

test('no forbidden address is called, for a delivery or for its access token', async () => {
  const urlOf = (address: string): string =>
    `https://${address.includes(':') ? `[${address}]` : address}/hook`;
  const published: string[] = [];
  for (const address of vectors.block) {
    const token_url = urlOf(address);
    const named = await fixture.subscribe({ url: urlOf(address) });
    const asking = await fixture.subscribe({
      url: 'https://hooks.example.com/',
      auth: tokensFrom(token_url),
    });
    for (const endpointId of [named, asking]) published.push((await fixture.publish(endpointId)).deliveryId);
  }
  expect(published).toHaveLength(164);
  await fixture.start({
    WEBHOOK_ALLOW_HTTP: 'false',
    WEBHOOK_ALLOWED_PORTS: '',
    WEBHOOK_ALLOWED_CIDRS: '',
    WEBHOOK_RETRY_SCHEDULE: '3600',
  });
  for (const deliveryId of published) await attempted(deliveryId);
  const { rows: attempts } = await fixture.pool.query('SELECT * FROM delivery_attempt');
  expect(new Set(attempts.map((attempt) => attempt.delivery_id))).toEqual(new Set(published));
  expect(attempts.every(({ outcome, status_code }) => outcome === 'blocked_target' && !status_code)).toBe(
    true,
  );
});

const inside = (name: string): string => `http://${name}:${new URL(receiver.url).port}/hook`;
const outcomesOf = async (deliveryId: string): Promise<unknown[]> =>
  (await fixture.attemptsOf(deliveryId)).map((attempt) => attempt['outcome']);

test('a name server that answers an allowed address first and a forbidden one at the dial gets no connection', async () => {
  // 127.0.0.2 stands for a public address; what listens on 127.0.0.1 must not be reached.
  const outside = await startReceiver(() => ({ status: 500, headers: { connection: 'close' } }), {
    host: '127.0.0.2',
    port: Number(new URL(receiver.url).port),
  });
  const names = await startNameServer((name) => {
    if (name === 'mixed.example') return ['127.0.0.2', '127.0.0.1'];
    return outside.requests.length === 0 ? ['127.0.0.2'] : ['127.0.0.1'];
  });
  const columns = { retry_schedule_s: [1] };
  const subscribed = [
    await fixture.subscribe({ url: inside('rebinding.example'), columns }),
    await fixture.subscribe({ url: inside('mixed.example'), columns }),
    await fixture.subscribe({
      url: `${outside.url}/hook`,
      auth: tokensFrom(inside('mixed.example')),
      columns,
    }),
  ];
  const published = await Promise.all(subscribed.map((id) => fixture.publish(id)));
  const lookup = createNameLookup({ servers: [names.address] });
  await fixture.start({ WEBHOOK_ALLOWED_CIDRS: '127.0.0.2/32' }, { lookup });
  for (const { deliveryId } of published) await fixture.ended(deliveryId, 'dead');
  const outcomes = await Promise.all(published.map(({ deliveryId }) => outcomesOf(deliveryId)));
  const [rebinding, ...mixed] = outcomes;
  expect(rebinding?.at(-1)).toBe('blocked_target');
  expect(mixed.flat().every((outcome) => outcome === 'blocked_target')).toBe(true);
  expect(outside.requests.length).toBeGreaterThan(0);
  expect([receiver.connections(), receiver.requests]).toEqual([0, []]);
  await outside.close();
  names.close();
});

test('a redirect to an internal address is kept as the answer, and not followed', async () => {
  const location = 'http://127.0.0.2:9/latest/meta-data';
  await receiver.close();
  receiver = await startReceiver(() => ({ status: 307, headers: { location } }));
  const { deliveryId } = await fixture.publish(await fixture.subscribe({ url: `${receiver.url}/hook` }));
  await fixture.start({ WEBHOOK_ALLOWED_CIDRS: '127.0.0.1/32', WEBHOOK_RETRY_SCHEDULE: '3600' });
  await attempted(deliveryId);
  const [attempt] = await fixture.attemptsOf(deliveryId);
  expect(attempt).toMatchObject({ outcome: 'http_error', status_code: 307, response_headers: { location } });
  expect(new Set(receiver.requests.map(({ path }) => path))).toEqual(new Set(['/hook']));
});
