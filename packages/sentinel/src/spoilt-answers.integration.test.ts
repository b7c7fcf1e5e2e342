import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Simulator, startSimulator } from '@socmate/azure-simulator';
import { trustAuthority } from '@socmate/testing';
import { checkWorkspace } from './check-workspace.ts';
import { createSentinelClient } from './sentinel-client.ts';
import type { SentinelWorkspace } from './workspace.ts';

let simulator: Simulator;
let elsewhere: Server;
const reached: string[] = [];
const signal = new AbortController().signal;

beforeAll(async () => {
  simulator = await startSimulator({ isPopulated: false, isReadQuotaEnforced: false });
  trustAuthority(simulator.caPem);
  await control('/generate', { incidents: 120, seed: 3 });
  elsewhere = createServer((req, res) => {
    reached.push(req.url ?? '');
    res.end('{"value":[]}');
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  elsewhere.close();
  await simulator.close();
});
beforeEach(async () => {
  await fetch(`${simulator.controlUrl}/faults`, { method: 'DELETE' });
});

async function control(path: string, body: object): Promise<void> {
  const answer = await fetch(`${simulator.controlUrl}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
const azure = () => ({ authorityHost: simulator.url, resourceManagerUrl: simulator.url });
const workspace = (): SentinelWorkspace => {
  const found = simulator.workspaces.find(({ name }) => name === 'prod-sentinel')!;
  return {
    credentialType: 'secret',
    cloud: 'public',
    tenantId: found.tenant_id,
    clientId: found.client_id,
    clientSecret: found.client_secret,
    subscriptionId: found.subscription_id,
    resourceGroup: found.resource_group,
    workspaceName: found.workspace_name,
  };
};
const readAll = async () => {
  const query = { by: 'modified', since: new Date(0).toISOString(), signal } as const;
  const pages = [];
  for await (const page of createSentinelClient(azure(), workspace()).incidentPages(query)) pages.push(page);
  return pages;
};
const readDetails = async (what: 'alertsOf' | 'entitiesOf') => {
  const [page] = await readAll();
  return createSentinelClient(azure(), workspace())[what](page!.incidents[0]!.name, signal);
};

test.each(['text', 'json'])('garbage of %s is a fault of Azure, whatever was asked', async (shape) => {
  const garbled = { code: 'upstream_error', message: expect.stringContaining('not its documented form') };
  for (const [target, read] of [
    ['alerts', () => readDetails('alertsOf')],
    ['entities', () => readDetails('entitiesOf')],
    ['incidents', readAll],
  ] as const) {
    await control('/faults', { target, kind: 'garbage', shape });
    await expect(read()).rejects.toMatchObject(garbled);
  }
});

test.each(['alerts', 'entities'] as const)(
  '%s whose answer ends in its middle may come later',
  async (target) => {
    await control('/faults', { target, kind: 'partial' });
    const read = readDetails(target === 'alerts' ? 'alertsOf' : 'entitiesOf');
    await expect(read).rejects.toMatchObject({ code: 'unavailable' });
  },
);

test('short pages bring all incidents', async () => {
  await control('/faults', { target: 'incidents', kind: 'partial', rate: 0.5, seed: 4 });
  const names = (await readAll()).flatMap(({ incidents }) => incidents.map(({ name }) => name));
  expect([names.length, new Set(names).size]).toEqual([120, 120]);
});

test.each(['same', 'different'])('an endless list of %s links is given up', async (links) => {
  await control('/faults', { target: 'incidents', kind: 'endless', links });
  await expect(readAll()).rejects.toMatchObject({ code: 'upstream_error' });
});

test('a link to a foreign host is not followed, and nothing is sent there', async () => {
  const { port } = elsewhere.address() as AddressInfo;
  await control('/faults', {
    target: 'incidents',
    kind: 'foreign',
    url: `http://127.0.0.1:${port}/incidents`,
  });
  await expect(readAll()).rejects.toMatchObject({
    code: 'upstream_error',
    message: expect.stringContaining('foreign address'),
  });
  expect(reached).toEqual([]);
});

test.each([
  ['text', 'failed'],
  ['json', 'failed'],
])('a sign-in that answers garbage of %s fails, and says so', async (shape, status) => {
  await control('/faults', { target: 'token', kind: 'garbage', shape });
  const { checks } = await checkWorkspace(azure(), workspace(), signal);
  expect(checks[0]).toMatchObject({ name: 'token', status, message: expect.stringContaining('Entra ID') });
});
