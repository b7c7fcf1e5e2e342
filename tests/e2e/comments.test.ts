import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import type { SimulatedWorkspace } from '../system/simulated-tenant.ts';
import { type System, startSystem } from '../system/start-system.ts';

interface Change {
  readonly change_seq: number;
}

let system: System;
let workspace: SimulatedWorkspace;
let incidentName: string;
let workspaces = 0;

beforeAll(async () => {
  system = await startSystem({ SYNC_INTERVAL: '1' });
}, 60_000);
afterAll(() => system?.close(), 60_000);

const path = (rest = ''): string => `/api/v1/incidents/1${rest}?provider=${workspace.name}`;

beforeEach(async () => {
  workspaces += 1;
  workspace = await system.tenant.addWorkspace(`comments-${workspaces}`);
  await system.tenant.generate(workspace.name, { incidents: 1, seed: workspaces });
  await system.connect(workspace);
  const incident = await until('the incident and its details are synced', async () => {
    const { body } = await system.api('GET', path());
    return body.alerts?.length > 0 && body.sentinel_entities.length > 0 ? body : undefined;
  });
  incidentName = incident.sentinel.name;
  // An older transaction, of whatever database of the server, holds changes back.
  await until('its change is visible', async () => {
    const { body } = await system.api('GET', `/api/v1/incidents/changes?provider=${workspace.name}`);
    return body.items.some(({ change_seq }: Change) => change_seq === incident.change_seq);
  });
});

async function comment(message: string): Promise<string> {
  const { status, body } = await system.api('POST', path('/comments'), { message });
  expect({ status, body }).toMatchObject({ status: 202, body: { status: 'pending' } });
  return body.comment_id as string;
}

const posted = (id: string): Promise<unknown> =>
  until('the comment is posted', async () => {
    const { body } = await system.api('GET', path(`/comments/${id}`));
    return body.status === 'posted';
  });

/** Waits until the stored incident knows so many comments. */
const countedComments = (count: number): Promise<unknown> =>
  until(`the sync has seen ${count} comments`, async () => {
    const { body } = await system.api('GET', path());
    return body.sentinel.properties.additionalData.commentsCount === count;
  });

const changesSince = async (cursor: string) => {
  const { body } = await system.api(
    'GET',
    `/api/v1/incidents/changes?provider=${workspace.name}&cursor=${cursor}`,
  );
  return body as { items: { number: number }[]; next_cursor: string };
};

const cursorOfNow = async (): Promise<string> =>
  (await system.api('GET', `/api/v1/incidents/changes?provider=${workspace.name}&from=now`)).body.next_cursor;

const inAzure = (): Promise<string[]> => system.azure.comments(workspace, incidentName);

test('a comment of ours does not come back as a change, and somebody else’s does', async () => {
  const cursor = await cursorOfNow();
  await posted(await comment('Called the user: it was them.'));
  await countedComments(1);
  expect(await changesSince(cursor)).toMatchObject({ items: [] });
  await system.tenant.act(workspace.name, 1, 'comments', { message: 'Thank you.' });
  await countedComments(2);
  await until('the change is visible', async () => (await changesSince(cursor)).items.length > 0);
  expect((await changesSince(cursor)).items).toMatchObject([{ number: 1 }]);
});

test('a sync that sees a comment of ours before its answer is in shows no change', async () => {
  const cursor = await cursorOfNow();
  await system.tenant.fault({
    target: 'comments',
    kind: 'latency',
    method: 'PUT',
    after: true,
    ms: 10_000,
    count: 1,
  });
  const id = await comment('Slow.');
  await countedComments(1);
  expect((await system.api('GET', path(`/comments/${id}`))).body.status).toBe('pending');
  await posted(id);
  expect(await changesSince(cursor)).toMatchObject({ items: [] });
});

test('a comment whose answer was lost is not posted twice', async () => {
  await system.tenant.fault({ target: 'comments', kind: 'drop', method: 'PUT', after: true, count: 1 });
  await posted(await comment('Only once.'));
  expect(await inAzure()).toEqual([expect.stringMatching(/^Only once\./)]);
});

test('a worker that is killed between the post and its record does not post twice', async () => {
  const sync = system.services['sentinel-sync'];
  await system.tenant.fault({
    target: 'comments',
    kind: 'latency',
    method: 'PUT',
    after: true,
    ms: 20_000,
    count: 1,
  });
  const id = await comment('Survivor.');
  await until('the comment is in Azure', async () => (await inAzure()).length === 1);
  await sync.kill('SIGKILL');
  await system.tenant.clearFaults();
  await sync.restart();
  await posted(id);
  expect(await inAzure()).toEqual([expect.stringMatching(/^Survivor\./)]);
});
