import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Receiver, startReceiver, until } from '@socmate/testing';
import { Webhook } from 'standardwebhooks';
import { type System, startSystem } from '../system/start-system.ts';

let system: System;
const receivers: Receiver[] = [];

beforeAll(async () => {
  system = await startSystem({ WEBHOOK_RETRY_SCHEDULE: '0.3,0.3,0.3' });
}, 60_000);
afterAll(async () => {
  await system?.close();
  await Promise.all(receivers.map((receiver) => receiver.close()));
}, 60_000);

async function subscribe(...answering: Parameters<typeof startReceiver>) {
  const receiver = await startReceiver(...answering);
  receivers.push(receiver);
  const wanted = { name: 'receiver', url: `${receiver.url}/hook`, event_types: ['incident-alert'] };
  const { status, body } = await system.api('POST', '/api/v1/webhooks/endpoints', wanted);
  expect(status).toBe(201);
  return { receiver, endpoint: body as { id: string; secret: string } };
}

async function connect(name: string): Promise<void> {
  await system.connect(await system.tenant.addWorkspace(name), { alert_backlog: true });
}

test('a new incident is listed, and its alert reaches a subscriber within 10 s, signed for any verifier', async () => {
  const { receiver, endpoint } = await subscribe();
  await connect('first');
  const generatedAt = Date.now();
  await system.tenant.generate('first', { incidents: 1, seed: 1, severity: { High: 1 }, spread: 'PT1H' });
  const request = await until('the alert arrives', () => receiver.requests[0]);
  expect(request.at - generatedAt).toBeLessThan(10_000);
  const message = new Webhook(endpoint.secret).verify(
    request.body,
    request.headers as Record<string, string>,
  );
  const { body } = await system.api('GET', '/api/v1/incidents?provider=first');
  expect(body).toMatchObject({ total: 1, items: [{ number: 1, severity: 'high', provider: 'first' }] });
  expect(message).toMatchObject({
    type: 'incident-alert',
    data: {
      reason: 'new',
      previous_severity: null,
      incident: { number: 1, severity: 'high', provider: 'first' },
    },
  });
});

test('after a 500 the retry arrives under the same webhook-id, and both attempts can be read', async () => {
  const { receiver, endpoint } = await subscribe((_request, index) => ({ status: index === 0 ? 500 : 204 }));
  await connect('second');
  await system.tenant.generate('second', { incidents: 1, seed: 2, severity: { Medium: 1 }, spread: 'PT1H' });
  await until('the retry arrives', () => receiver.requests.length === 2);
  const [first, second] = receiver.requests;
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
  expect(second!.body).toBe(first!.body);
  const delivery = await until('the delivery has succeeded', async () => {
    const { body } = await system.api(
      'GET',
      `/api/v1/webhooks/deliveries?endpoint_id=${endpoint.id}&status=succeeded`,
    );
    return body.items[0] as { id: string } | undefined;
  });
  const { body } = await system.api('GET', `/api/v1/webhooks/deliveries/${delivery.id}`);
  expect(body).toMatchObject({
    event_id: first!.headers['webhook-id'],
    attempts_count: 2,
    attempts: [
      { number: 1, outcome: 'http_error', status_code: 500 },
      { number: 2, outcome: 'success', status_code: 204 },
    ],
  });
});

test('a test ping reaches the endpoint, signed', async () => {
  const { receiver, endpoint } = await subscribe();
  const { status, body } = await system.api('POST', `/api/v1/webhooks/endpoints/${endpoint.id}/test`);
  expect(status).toBe(202);
  const request = await until('the ping arrives', () => receiver.requests[0]);
  const message = new Webhook(endpoint.secret).verify(
    request.body,
    request.headers as Record<string, string>,
  );
  expect(message).toMatchObject({ type: 'ping', id: body.event_id });
});

test('what an analyst notes outlives the next change in Sentinel', async () => {
  await connect('third');
  await system.tenant.generate('third', { incidents: 1, seed: 3, severity: { Low: 1 }, spread: 'PT1H' });
  const path = '/api/v1/incidents/1?provider=third';
  await until('the incident is synced', async () => (await system.api('GET', path)).status === 200);
  const local = { notes: 'called the user', tags: ['vip'], assignee: 'jane@contoso.com' };
  expect((await system.api('PATCH', path, local)).body).toMatchObject(local);
  await system.tenant.change('third', 1, { severity: 'High', title: 'Worse than it looked' });
  const changed = await until('the change is synced', async () => {
    const { body } = await system.api('GET', path);
    return body.severity === 'high' ? body : undefined;
  });
  expect(changed).toMatchObject({ ...local, title: 'Worse than it looked' });
});

test('an incident that rises to high alerts once, whoever had not met its minimum before', async () => {
  const { receiver } = await subscribe();
  await connect('fourth');
  await system.tenant.generate('fourth', { incidents: 1, seed: 4, severity: { Low: 1 }, spread: 'PT1H' });
  const path = '/api/v1/incidents/1?provider=fourth';
  await until('the incident is synced', async () => (await system.api('GET', path)).status === 200);
  await system.tenant.change('fourth', 1, { severity: 'High' });
  const request = await until('the alert arrives', () => receiver.requests[0]);
  expect(JSON.parse(request.body)).toMatchObject({ data: { reason: 'new', incident: { severity: 'high' } } });
});
