import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Receiver, startReceiver, until } from '@socmate/testing';
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

test('a name that is allowed and leads inside is refused when it is dialled for a token', async () => {
  const port = new URL(receiver.url).port;
  const auth = tokensFrom(`http://localhost.localdomain:${port}/token`);
  const { deliveryId } = await fixture.publish(
    await fixture.subscribe({ url: 'http://198.51.100.7:8080/', auth }),
  );
  await fixture.start({ WEBHOOK_ALLOWED_CIDRS: '198.51.100.7/32', WEBHOOK_RETRY_SCHEDULE: '3600' });
  await attempted(deliveryId);
  const [attempt] = await fixture.attemptsOf(deliveryId);
  expect(attempt?.['outcome']).toMatch(/^(?:blocked_target|dns_error)$/);
  expect(receiver.requests).toEqual([]);
});
