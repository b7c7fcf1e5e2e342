import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Simulator, startSimulator } from '@socmate/azure-simulator';
import { trustAuthority } from '@socmate/testing';
import { checkWorkspace } from './check-workspace.ts';
import { resolveWorkspace } from './resolve-workspace.ts';
import { createSentinelClient } from './sentinel-client.ts';
import type { SentinelWorkspace } from './workspace.ts';

let simulator: Simulator;
const signal = new AbortController().signal;
const everything = { by: 'modified', since: new Date(0).toISOString(), signal } as const;

beforeAll(async () => {
  simulator = await startSimulator({ isPopulated: false });
  trustAuthority(simulator.caPem);
});
afterAll(() => simulator.close());
beforeEach(async () => {
  await fetch(`${simulator.controlUrl}/faults`, { method: 'DELETE' });
});

const azure = () => ({ authorityHost: simulator.url, resourceManagerUrl: simulator.url });
const aWorkspace = (only: object = {}, name = 'prod-sentinel'): SentinelWorkspace => {
  const found = simulator.workspaces.find((workspace) => workspace.name === name)!;
  const workspace = {
    credentialType: 'secret',
    cloud: 'public',
    tenantId: found.tenant_id,
    clientId: found.client_id,
    clientSecret: found.client_secret,
    subscriptionId: found.subscription_id,
    resourceGroup: found.resource_group,
    workspaceName: found.workspace_name,
    ...only,
  };
  return workspace as SentinelWorkspace;
};
const control = async (path: string, body: object): Promise<unknown> => {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const answer = await fetch(`${simulator.controlUrl}${path}`, init);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
};
const pagesOf = async (workspace: SentinelWorkspace) => {
  const pages = [];
  for await (const page of createSentinelClient(azure(), workspace).incidentPages(everything))
    pages.push(page);
  return pages;
};
const nowhere = '00000000-0000-4000-8000-000000000000';

test('all pages are read, newest first, and only the last says so', async () => {
  await control('/generate', { incidents: 120, seed: 3, spread: 'PT24H' });
  const pages = await pagesOf(aWorkspace());
  expect(pages.map(({ incidents }) => incidents.length)).toEqual([50, 50, 20]);
  expect(pages.map(({ isLast }) => isLast)).toEqual([false, false, true]);
  const times = pages.flatMap(({ incidents }) => incidents.map(({ lastModifiedAt }) => lastModifiedAt));
  expect(times).toEqual(times.toSorted().toReversed());
});

test('a workspace is found by its GUID alone', async () => {
  for (const workspace of simulator.workspaces) {
    const place = await resolveWorkspace(azure(), aWorkspace(), workspace.workspace_id.toUpperCase(), signal);
    expect(place).toEqual({
      subscriptionId: workspace.subscription_id,
      resourceGroup: workspace.resource_group,
      workspaceName: workspace.workspace_name,
    });
  }
});

test('a workspace that the application cannot see is refused by name', async () => {
  await expect(resolveWorkspace(azure(), aWorkspace(), nowhere, signal)).rejects.toMatchObject({
    code: 'invalid_input',
    check: 'incidents_read',
    field: 'workspace_id',
    message: expect.stringContaining(nowhere),
  });
});

test.each([
  [
    'client secret',
    { clientSecret: 'wrong' },
    /client secret .* is wrong \(AADSTS7000215\)/,
    'client_secret',
  ],
  ['application', { clientId: nowhere }, /knows no application .* \(AADSTS700016\)/, 'client_id'],
  ['tenant', { tenantId: nowhere }, /knows no tenant .* \(AADSTS90002\)/, 'tenant_id'],
  ['tenant that is none', { tenantId: 'a tenant' }, /tenant id/, 'tenant_id'],
])('a wrong %s is told apart, in a sentence, and its sign-in is denied', async (_, only, message, field) => {
  const health = await checkWorkspace(azure(), aWorkspace(only), signal);
  expect(health).toMatchObject({ status: 'error', message: expect.stringMatching(message) });
  expect(health.checks.slice(0, 2)).toMatchObject([
    { name: 'token', status: 'denied', field },
    { name: 'incidents_read', status: 'skipped' },
  ]);
  const resolving = resolveWorkspace(azure(), aWorkspace(only), nowhere, signal);
  await expect(resolving).rejects.toMatchObject({ code: 'invalid_input', check: 'token', field });
});

test.each([
  ['workspace', { workspaceName: 'other' }, /no workspace other/],
  ['resource group', { resourceGroup: 'other' }, /resource group other/],
  ['subscription', { subscriptionId: nowhere }, /of subscription 0000/],
])('a wrong %s is told apart, in a sentence, and its reading is denied', async (_, only, message) => {
  const health = await checkWorkspace(azure(), aWorkspace(only), signal);
  expect(health).toMatchObject({ status: 'error', message: expect.stringMatching(message) });
  expect(health.checks.slice(0, 2)).toMatchObject([
    { name: 'token', status: 'ok' },
    { name: 'incidents_read', status: 'denied', field: 'workspace_name' },
  ]);
});

test('an application without the role on a workspace is denied there, and the role is named', async () => {
  const answer = await fetch(`${simulator.controlUrl}/applications`);
  const { applications } = (await answer.json()) as { applications: Record<string, string>[] };
  const reader = applications.find(({ name }) => name === 'reader-without-sentinel')!;
  const only = { clientId: reader['client_id']!, clientSecret: reader['client_secret']! };
  const { checks } = await checkWorkspace(azure(), aWorkspace(only), signal);
  expect(checks[1]).toEqual({
    name: 'incidents_read',
    status: 'denied',
    field: 'workspace_name',
    missingRole: 'Microsoft Sentinel Reader',
    message: expect.stringContaining('lacks the role'),
  });
});

test('a sign-in that does not answer is told from a workspace that does not', async () => {
  await control('/faults', { target: 'token', kind: 'drop' });
  const resolving = resolveWorkspace(azure(), aWorkspace(), nowhere, signal);
  const told = { code: 'unavailable', check: 'token', field: undefined };
  await expect(resolving).rejects.toMatchObject(told);
});

test('a healthy workspace says what was tried and what was not', async () => {
  const health = await checkWorkspace(azure(), aWorkspace(), signal);
  expect(health).toMatchObject({ status: 'healthy', latencyMs: expect.any(Number) });
  expect(health.checks).toEqual(
    ['token', 'incidents_read', 'log_query', 'comment_write', 'incident_write'].map((name) => ({
      name,
      status: 'ok',
    })),
  );
});

test.each([
  ['429 with a short Retry-After', { target: 'incidents', kind: '429', count: 1, ms: 1 }],
  ['500', { target: 'incidents', kind: '500', count: 1 }],
  ['a dropped connection', { target: 'incidents', kind: 'drop', count: 1 }],
  ['500 of the sign-in', { target: 'token', kind: '500', count: 1 }],
])('one %s is retried', async (_, fault) => {
  await control('/faults', fault);
  await expect(pagesOf(aWorkspace({}, 'sample-rest'))).resolves.toHaveLength(1);
});

test('a long Retry-After is handed to the caller instead of being waited for', async () => {
  await control('/faults', { target: 'incidents', kind: '429', ms: 120_000 });
  await expect(pagesOf(aWorkspace())).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 120 });
});

test('a list that never ends is given up', async () => {
  await control('/faults', { target: 'incidents', kind: 'endless' });
  await expect(pagesOf(aWorkspace())).rejects.toMatchObject({ code: 'upstream_error' });
});

test('a read of alerts or entities is one request, whatever comes back', async () => {
  const workspace = aWorkspace({}, 'sample-rest');
  const [page] = await pagesOf(workspace);
  const name = page!.incidents[0]!.name;
  await control('/faults', { target: 'alerts', kind: '500' });
  await fetch(`${simulator.controlUrl}/requests`, { method: 'DELETE' });
  const client = createSentinelClient(azure(), workspace);
  await expect(client.alertsOf(name, signal)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(client.entitiesOf(name, signal)).resolves.not.toHaveLength(0);
  await expect(client.entitiesOf(nowhere, signal)).rejects.toMatchObject({ code: 'not_found' });
  const requests = JSON.stringify(await (await fetch(`${simulator.controlUrl}/requests`)).json());
  expect(requests.match(/\/alerts/g)).toHaveLength(1);
});

test('a caller who stops gets its own reason, at once', async () => {
  await control('/faults', { target: 'incidents', kind: 'latency', ms: 20_000 });
  const stop = new AbortController();
  const client = createSentinelClient(azure(), aWorkspace());
  const pages = client.incidentPages({ ...everything, signal: stop.signal });
  const reading = pages[Symbol.asyncIterator]().next();
  setTimeout(() => stop.abort(), 50);
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
});
