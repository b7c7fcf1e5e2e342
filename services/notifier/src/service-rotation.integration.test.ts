import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { sealContext } from '@socmate/contracts';
import { createWebhookSecret } from '@socmate/crypto';
import { createWebhookEndpoints } from '@socmate/database';
import { type Received, type Receiver, startReceiver } from '@socmate/testing';
import { Webhook } from 'standardwebhooks';
import { type NotifierFixture, openNotifierFixture } from './notifier-fixture.ts';

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

function verifies(secret: string, { body, headers }: Received): boolean {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

const minutes = (count: number): number => count * 60_000;

test('standard verifiers accept what arrives before, during and after a rotation', async () => {
  const before = createWebhookSecret();
  const after = createWebhookSecret();
  let passedMs = 0;
  const clock = { now: () => new Date(Date.now() + passedMs) };
  const endpointId = await fixture.subscribe({ url: receiver.url, secret: before });
  await fixture.start({}, { clock });
  const accepted = async (): Promise<boolean[]> => {
    await fixture.deliver(endpointId);
    return [before, after].map((secret) => verifies(secret, receiver.requests.at(-1) as Received));
  };
  expect(await accepted()).toEqual([true, false]);
  const sealed = fixture.sealer.seal(after, sealContext.webhookSecret(endpointId));
  await createWebhookEndpoints(fixture.pool).rotateSecret(endpointId, sealed, 24);
  expect(await accepted()).toEqual([true, true]);
  // Verifiers refuse timestamps that are five minutes off.
  const end = new Date(Date.now() + minutes(2));
  await fixture.pool.query('UPDATE webhook_endpoint SET previous_secret_expires_at = $1', [end]);
  expect(await accepted()).toEqual([true, true]);
  passedMs = minutes(3);
  expect(await accepted()).toEqual([false, true]);
});

test('a secret that the next rotation replaces within its overlap signs no more', async () => {
  const secrets = [createWebhookSecret(), createWebhookSecret(), createWebhookSecret()];
  const endpointId = await fixture.subscribe({ url: receiver.url, secret: secrets[0] as string });
  await fixture.start();
  for (const secret of secrets.slice(1)) {
    const sealed = fixture.sealer.seal(secret, sealContext.webhookSecret(endpointId));
    await createWebhookEndpoints(fixture.pool).rotateSecret(endpointId, sealed, 24);
  }
  await fixture.deliver(endpointId);
  const [received] = receiver.requests as [Received];
  expect(secrets.map((secret) => verifies(secret, received))).toEqual([false, true, true]);
});

test('a rotation without overlap ends the old secret at once', async () => {
  const before = createWebhookSecret();
  const after = createWebhookSecret();
  const endpointId = await fixture.subscribe({ url: receiver.url, secret: before });
  await fixture.start();
  const sealed = fixture.sealer.seal(after, sealContext.webhookSecret(endpointId));
  await createWebhookEndpoints(fixture.pool).rotateSecret(endpointId, sealed, 0);
  await fixture.deliver(endpointId);
  const [received] = receiver.requests as [Received];
  expect([before, after].map((secret) => verifies(secret, received))).toEqual([false, true]);
});
