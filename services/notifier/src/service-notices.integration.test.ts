import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Receiver, startReceiver, until } from '@socmate/testing';
import { type NotifierFixture, openNotifierFixture } from './notifier-fixture.ts';

let fixture: NotifierFixture;
let fallback: Receiver;

beforeAll(async () => {
  fixture = await openNotifierFixture();
  fallback = await startReceiver();
});
afterAll(async () => {
  await fallback.close();
  await fixture.close();
});
afterEach(() => fixture.reset());

test.each([
  [{ status: 410 }, 'the endpoint answered 410 Gone'],
  [
    { status: 200, headers: { 'webhook-delivery': 'disable' } },
    'the endpoint answered "webhook-delivery: disable"',
  ],
])('an endpoint that answers %j is told of to the endpoint that watches', async (answer, reason) => {
  const receiver = await startReceiver(() => answer);
  const watching = { event_types: ['endpoint-failing'] };
  await fixture.subscribe({ url: fallback.url, columns: watching });
  const columns = { ...watching, name: 'soar' };
  const url = `${receiver.url}/hook?sig=url-s3cret`;
  const endpointId = await fixture.subscribe({ url, columns });
  await fixture.publish(endpointId);
  await fixture.start();
  const before = fallback.requests.length;
  const { body } = await until('the notice arrived', () => fallback.requests[before]);
  expect(JSON.parse(body)).toMatchObject({
    type: 'endpoint-failing',
    data: { endpoint: { id: endpointId, name: 'soar' }, percent: 100, disabled: true, reason },
  });
  expect(body).not.toMatch(/s3cret|127\.0\.0\.1/);
  await receiver.close();
});
