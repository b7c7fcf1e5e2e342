import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Simulator, startSimulator } from '@socmate/azure-simulator';
import { trustAuthority } from '@socmate/testing';
import { createSentinelClient, type SentinelClient } from './sentinel-client.ts';
import type { SentinelIncident } from './sentinel-incident.ts';
import type { SentinelWorkspace } from './workspace.ts';

let simulator: Simulator;
let client: SentinelClient;
const { signal } = new AbortController();
const nowhere = '00000000-0000-4000-8000-000000000000';

const control = async (path: string, body?: object, method = body ? 'POST' : 'GET'): Promise<unknown> => {
  const init = { method, ...(body && { body: JSON.stringify(body) }) };
  const answer = await fetch(`${simulator.controlUrl}${path}`, init);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.status === 204 ? undefined : answer.json();
};
const azure = () => ({ authorityHost: simulator.url, resourceManagerUrl: simulator.url });
const connected = (only: object = {}): SentinelClient => {
  const [found] = simulator.workspaces;
  const workspace = {
    credentialType: 'secret',
    cloud: 'public',
    tenantId: found!.tenant_id,
    clientId: found!.client_id,
    clientSecret: found!.client_secret,
    subscriptionId: found!.subscription_id,
    resourceGroup: found!.resource_group,
    workspaceName: found!.workspace_name,
    ...only,
  };
  return createSentinelClient(azure(), workspace as SentinelWorkspace);
};
const anyIncident = async (): Promise<SentinelIncident> => {
  const query = { by: 'modified', since: new Date(0).toISOString(), signal } as const;
  for await (const { incidents } of client.incidentPages(query)) return incidents[0]!;
  throw new Error('there is no incident');
};
const writes = async (): Promise<string[]> => {
  const { requests } = (await control('/requests')) as { requests: { method: string; path: string }[] };
  return requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
};

beforeAll(async () => {
  simulator = await startSimulator({ isPopulated: false });
  trustAuthority(simulator.caPem);
  client = connected();
});
afterAll(() => simulator.close());
beforeEach(async () => {
  await control('/reset', { only: [] });
  await control('/generate', { incidents: 3, seed: 4 });
});

test('one incident is read as it is in a list, and one that is not there is undefined', async () => {
  const listed = await anyIncident();
  expect(await client.incident(listed.name, signal)).toEqual(listed);
  expect(await client.incident(nowhere, signal)).toBeUndefined();
  expect(await client.incident('a name/with?parts#of an address', signal)).toBeUndefined();
});

test.each([
  ['workspace', { workspaceName: 'other' }],
  ['resource group', { resourceGroup: 'other' }],
  ['subscription', { subscriptionId: nowhere }],
])(
  'an incident of a %s that is not there is a fault of the connection, and not a missing incident',
  async (_, only) => {
    const { name } = await anyIncident();
    const refused = { code: 'invalid_input', field: 'workspace_name' };
    const elsewhere = connected(only);
    await expect(elsewhere.incident(name, signal)).rejects.toMatchObject(refused);
    await expect(elsewhere.comment(name, nowhere, signal)).rejects.toMatchObject(refused);
    await expect(elsewhere.putComment(name, nowhere, 'x', signal)).rejects.toMatchObject(refused);
  },
);

test('a replacement is written whole and untouched, and answered as it is then', async () => {
  const { name, etag, raw } = await anyIncident();
  const { properties } = raw as { properties: Record<string, unknown> };
  const replacement = { ...properties, status: 'Active', description: 'Looked at\u2028twice' };
  const changed = await client.replaceIncident(name, { etag: etag!, properties: replacement }, signal);
  expect(changed).toMatchObject({ status: 'active', description: 'Looked at\u2028twice' });
  expect(changed.etag).not.toBe(etag);
  expect(await client.incident(name, signal)).toEqual(changed);
});

test('a replacement of what changed meanwhile is a conflict, and writes nothing', async () => {
  const { name, number, etag, raw } = await anyIncident();
  await control(`/incidents/${number}`, { severity: 'High' });
  const current = await client.incident(name, signal);
  const { properties } = raw as { properties: Record<string, unknown> };
  const replacing = client.replaceIncident(name, { etag: etag!, properties }, signal);
  await expect(replacing).rejects.toMatchObject({ code: 'conflict', isRetryable: false });
  expect(await client.incident(name, signal)).toEqual(current);
});

test('what Azure refuses for its content is the caller’s fault, what is gone is not found', async () => {
  const { name, etag } = await anyIncident();
  const untitled = { etag: etag!, properties: { severity: 'Low', status: 'New' } };
  await expect(client.replaceIncident(name, untitled, signal)).rejects.toMatchObject({
    code: 'invalid_input',
  });
  const whole = { etag: etag!, properties: { title: 'T', severity: 'Low', status: 'New' } };
  await expect(client.replaceIncident(nowhere, whole, signal)).rejects.toMatchObject({ code: 'not_found' });
  await expect(client.putComment(nowhere, nowhere, 'x', signal)).rejects.toMatchObject({ code: 'not_found' });
});

test('a comment is under the name it was given, and a second call with it adds none', async () => {
  const { name } = await anyIncident();
  const comment = randomUUID();
  expect(await client.comment(name, comment, signal)).toBeUndefined();
  await client.putComment(name, comment, 'Ünïcode & <b>', signal);
  await client.putComment(name, comment, 'Ünïcode & <b>', signal);
  expect(await client.comment(name, comment, signal)).toEqual({ message: 'Ünïcode & <b>' });
  expect((await client.incident(name, signal))?.commentsCount).toBe(1);
  expect(await client.comment(nowhere, comment, signal)).toBeUndefined();
});

test.each([
  ['500', { kind: '500' }],
  ['dropped connection', { kind: 'drop' }],
  ['dropped connection after the write', { kind: 'drop', after: true }],
  ['429', { kind: '429', ms: 0 }],
])('a write that meets a %s is not sent again', async (_, fault) => {
  const { name } = await anyIncident();
  await control('/faults', { target: 'comments', ...fault, count: 1 });
  await control('/requests', undefined, 'DELETE');
  const posting = client.putComment(name, nowhere, 'x', signal);
  await expect(posting).rejects.toMatchObject({ code: 'unavailable' });
  expect(await writes()).toHaveLength(1);
});

test('the throttling of a write says how long to wait', async () => {
  const { name } = await anyIncident();
  await control('/faults', { target: 'comments', kind: '429', ms: 42_000 });
  const posting = client.putComment(name, nowhere, 'x', signal);
  await expect(posting).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 42 });
});

test('an application that may only read is told which role it lacks for writing', async () => {
  const { applications } = (await control('/applications')) as { applications: Record<string, string>[] };
  const reader = applications.find((application) => application['name'] === 'reader')!;
  const only = { clientId: reader['client_id']!, clientSecret: reader['client_secret']! };
  const { name } = await anyIncident();
  const reading = connected(only);
  await expect(reading.incident(name, signal)).resolves.toMatchObject({ name });
  await expect(reading.putComment(name, nowhere, 'x', signal)).rejects.toMatchObject({
    code: 'invalid_input',
    check: 'comment_write',
    field: 'workspace_name',
    message: expect.stringContaining('"Microsoft Sentinel Responder"'),
  });
});

test('a merged incident names where it went, and one that is reopened does not', async () => {
  const { name, number } = await anyIncident();
  const into = number === 1 ? 2 : number - 1;
  await control(`/incidents/${number}/merge`, { into });
  expect(await client.incident(name, signal)).toMatchObject({
    isMerged: true,
    mergedInto: into,
    alertsCount: 0,
  });
  await control(`/incidents/${number}/reopen`, {});
  expect(await client.incident(name, signal)).toMatchObject({ isMerged: false, mergedInto: null });
});

test('a caller who stops gets its own reason', async () => {
  const { name } = await anyIncident();
  await control('/faults', { target: 'comments', kind: 'latency', ms: 20_000 });
  const stop = new AbortController();
  const posting = client.putComment(name, nowhere, 'x', stop.signal);
  setTimeout(() => stop.abort(), 50);
  await expect(posting).rejects.toMatchObject({ name: 'AbortError' });
});
