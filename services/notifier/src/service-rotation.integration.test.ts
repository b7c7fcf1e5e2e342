import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { sealContext } from '@socmate/contracts';
import { createWebhookSecret } from '@socmate/crypto';
import { createWebhookEndpoints } from '@socmate/database';
import { type Received, type Receiver, startReceiver, until } from '@socmate/testing';
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

test('standard verifiers accept what arrives before, during and after a rotation', async () => {
  const before = createWebhookSecret();
  const after = createWebhookSecret();
  const endpointId = await fixture.subscribe({ url: receiver.url, secret: before });
  await fixture.start();
  const accepted = async (): Promise<boolean[]> => {
    await fixture.deliver(endpointId);
    return [before, after].map((secret) => verifies(secret, receiver.requests.at(-1) as Received));
  };
  expect(await accepted()).toEqual([true, false]);
  const sealed = fixture.sealer.seal(after, sealContext.webhookSecret(endpointId));
  await createWebhookEndpoints(fixture.pool).rotateSecret(endpointId, sealed, 24);
  expect(await accepted()).toEqual([true, true]);
  await fixture.pool.query(
    `UPDATE webhook_endpoint SET previous_secret_expires_at = now() + interval '100 milliseconds'`,
  );
  const atLast = await until('the overlap is over', async () => {
    const [byOld, byNew] = await accepted();
    return byOld === false && { byNew };
  });
  expect(atLast).toEqual({ byNew: true });
});
