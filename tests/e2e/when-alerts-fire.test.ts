import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Receiver, startReceiver, until } from '@socmate/testing';
import { type System, startSystem } from '../system/start-system.ts';

let system: System;
let receiver: Receiver;
let endpointId: string;

beforeAll(async () => {
  system = await startSystem({ SYNC_INTERVAL: '1' });
}, 60_000);
afterAll(() => system?.close(), 60_000);
afterEach(async () => {
  await system.api('DELETE', `/api/v1/webhooks/endpoints/${endpointId}`);
  await receiver.close();
});

async function subscribe(): Promise<void> {
  receiver = await startReceiver();
  const wanted = { name: 'receiver', url: receiver.url, event_types: ['incident-alert'], max_in_flight: 20 };
  const { status, body } = await system.api('POST', '/api/v1/webhooks/endpoints', wanted);
  expect(status).toBe(201);
  endpointId = body.id as string;
}

const synced = (id: string, incidents: number): Promise<unknown> =>
  until('the workspace is synced', async () => {
    const { rows } = await system.database.query(
      `SELECT last_synced_at IS NOT NULL AND (SELECT count(*) FROM incident WHERE provider_id = $1) = $2 AS is_synced
       FROM siem_provider WHERE id = $1`,
      [id, incidents],
    );
    return rows[0].is_synced as boolean;
  });

const deliveries = async (): Promise<number> => {
  const { body } = await system.api('GET', `/api/v1/webhooks/deliveries?endpoint_id=${endpointId}`);
  return body.total as number;
};

const SERIOUS = { severity: { High: 1, Medium: 1 }, spread: 'PT48H' };

test('300 incidents from before the connection alert nobody; with the backlog wanted, all 300 do', async () => {
  await subscribe();
  for (const [name, alertBacklog, expected] of [
    ['quiet', false, 0],
    ['loud', true, 300],
  ] as const) {
    const workspace = await system.tenant.addWorkspace(name);
    await system.tenant.generate(name, { incidents: 300, seed: 300, ...SERIOUS });
    await synced(await system.connect(workspace, { alert_backlog: alertBacklog }), 300);
    expect(await deliveries()).toBe(expected);
  }
  await until('all 300 have arrived', () => receiver.requests.length >= 300);
  const numbers = receiver.requests.map(({ body }) => JSON.parse(body).data.incident.number);
  expect(new Set(numbers).size).toBe(300);
  expect(receiver.requests).toHaveLength(300);
});

test('what is closed or merged away when first seen alerts nobody, and its target does once', async () => {
  const workspace = await system.tenant.addWorkspace('over');
  await subscribe();
  await system.tenant.generate('over', { incidents: 4, seed: 4, severity: { High: 1 } });
  await system.tenant.change('over', 1, { status: 'Closed' });
  await system.tenant.act('over', 2, 'merge', { into: 3 });
  await synced(await system.connect(workspace, { alert_backlog: true }), 4);
  await until('two have arrived', () => receiver.requests.length >= 2);
  expect(await deliveries()).toBe(2);
  const numbers = receiver.requests.map(({ body }) => JSON.parse(body).data.incident.number as number);
  expect(new Set(numbers)).toEqual(new Set([3, 4]));
  const { body: source } = await system.api('GET', '/api/v1/incidents/2?provider=over');
  expect(source).toMatchObject({ status: 'closed', merged_into: 3 });
  const { body: target } = await system.api('GET', '/api/v1/incidents/3?provider=over');
  expect(target).toMatchObject({ merged_from: [2], merged_into: null });
});

test('merging what has alerted alerts nobody again, and what was noted shows on the target', async () => {
  const workspace = await system.tenant.addWorkspace('merging');
  await subscribe();
  await system.tenant.generate('merging', { incidents: 2, seed: 5, severity: { High: 1 } });
  const id = await system.connect(workspace, { alert_backlog: true });
  await synced(id, 2);
  const local = { notes: 'seen before', tags: ['vip'] };
  expect((await system.api('PATCH', '/api/v1/incidents/1?provider=merging', local)).status).toBe(200);
  await system.tenant.act('merging', 1, 'merge', { into: 2 });
  const target = await until('the merge is synced', async () => {
    const { body } = await system.api('GET', '/api/v1/incidents/2?provider=merging');
    return body.merged_from.length > 0 ? body : undefined;
  });
  expect(target).toMatchObject({ merged_incidents: [{ number: 1, ...local }], notes: null, tags: [] });
  expect((await system.api('GET', '/api/v1/incidents/1?provider=merging')).body).toMatchObject(local);
  await system.tenant.act('merging', 1, 'reopen');
  await until('the reopening is synced', async () => {
    const { body } = await system.api('GET', '/api/v1/incidents/1?provider=merging');
    return body.reopened_at !== null && body.merged_into === null;
  });
  expect(await deliveries()).toBe(2);
});

test('two workspaces with the same numbers: all of both, and links name the workspace', async () => {
  await subscribe();
  for (const name of ['north', 'south']) {
    const workspace = await system.tenant.addWorkspace(name);
    await system.tenant.generate(name, { incidents: 20, seed: 20, ...SERIOUS });
    await synced(await system.connect(workspace, { alert_backlog: true }), 20);
  }
  await until('all 40 have arrived', () => receiver.requests.length >= 40);
  const links = receiver.requests.map(({ body }) => JSON.parse(body).data.links.api as string);
  const expected = ['north', 'south'].flatMap((name) =>
    Array.from(
      { length: 20 },
      (_, index) => `https://socmate.example/api/v1/incidents/${index + 1}?provider=${name}`,
    ),
  );
  expect(links.toSorted()).toEqual(expected.toSorted());
  for (const name of ['north', 'south']) {
    const { body } = await system.api('GET', `/api/v1/incidents/7?provider=${name}`);
    expect(body).toMatchObject({ number: 7, provider: name });
  }
});
