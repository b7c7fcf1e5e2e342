import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import type { SimulatedWorkspace } from '../system/simulated-tenant.ts';
import { type System, startSystem } from '../system/start-system.ts';

let system: System;
let workspace: SimulatedWorkspace;
let providerId: string;

/** What the documented calls send of a workspace: no place, only its GUID. */
const documented = () => ({
  provider_type: 'sentinel',
  workspace_id: workspace.workspace_id,
  tenant_id: workspace.tenant_id,
  client_id: workspace.client_id,
  client_secret: workspace.client_secret,
});

beforeAll(async () => {
  system = await startSystem();
  workspace = await system.tenant.addWorkspace('documented');
  await system.tenant.generate('documented', { incidents: 30, seed: 30 });
}, 60_000);
afterAll(() => system?.close(), 60_000);

test('a workspace is tried, then connected, with the documented fields alone', async () => {
  const tried = await system.api('POST', '/api/admin/siem-providers/test', documented());
  expect(tried).toMatchObject({ status: 200, body: { status: 'healthy', message: expect.any(String) } });
  expect(tried.body.latency_ms).toBeGreaterThan(0);
  expect(tried.body.checks.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(['token', 'incidents_read', 'log_query', 'comment_write']),
  );
  const given = { ...documented(), name: 'documented', region: 'westeurope' };
  const { status, body, headers } = await system.api('POST', '/api/admin/siem-providers', given);
  expect({ status, body }).toMatchObject({
    status: 201,
    body: {
      id: expect.any(String),
      name: 'documented',
      provider_type: 'sentinel',
      status: 'active',
      workspace_id: workspace.workspace_id,
      tenant_id: workspace.tenant_id,
      client_id: workspace.client_id,
      client_secret_masked: `****${workspace.client_secret.slice(-4)}`,
      is_default: true,
      last_health_check: expect.any(String),
    },
  });
  expect(headers.get('warning')).toContain('region');
  expect(JSON.stringify(body)).not.toContain(workspace.client_secret);
  providerId = body.id as string;
});

test('a wrong secret is an answer of the test, and a refusal of the connection', async () => {
  const wrong = { ...documented(), client_secret: 'wrong' };
  const tried = await system.api('POST', '/api/admin/siem-providers/test', wrong);
  expect(tried).toMatchObject({ status: 200, body: { status: 'error' } });
  const named = { ...wrong, name: 'wrong' };
  expect((await system.api('POST', '/api/admin/siem-providers', named)).status).toBeGreaterThanOrEqual(409);
});

const list = (query: string) => system.api('GET', `/api/v1/incidents?${query}`);

test('incidents are listed by every documented parameter', async () => {
  await until('the workspace is synced', async () => (await list('')).body.total === 30);
  const page = await list('timespan=P7D&limit=5&offset=3');
  expect(page).toMatchObject({ status: 200, body: { total: 30, limit: 5, offset: 3 } });
  expect(page.body.items).toHaveLength(5);
  expect((await list('')).body).toMatchObject({ limit: 20, offset: 0 });
  let severe = 0;
  for (const severity of ['informational', 'low', 'medium', 'high']) {
    const { body } = await list(`severity=${severity}&limit=100`);
    expect(
      new Set(body.items.map((incident: { severity: string }) => incident.severity)).size,
    ).toBeLessThanOrEqual(1);
    severe += body.total as number;
  }
  expect(severe).toBe(30);
  expect((await list('severity=critical')).body.total).toBe(0);
  expect((await list('severity=High&status=New')).status).toBe(200);
  for (const status of ['new', 'active', 'closed']) expect((await list(`status=${status}`)).status).toBe(200);
});

test.each(['limit=101', 'limit=0', 'offset=-1', 'severity=urgent', 'status=open', 'timespan=soon'])(
  '%s is refused at its field',
  async (query) => {
    const { status, body } = await list(query);
    expect(status).toBe(422);
    expect(body.detail[0].loc.slice(0, 2)).toEqual(['query', query.split('=')[0]]);
  },
);

test('one incident is all that Sentinel has, with notes, tags and assignee', async () => {
  const [azure] = await system.azure.incidents(workspace);
  const number = azure!.properties.incidentNumber;
  const { status, body } = await system.api('GET', `/api/v1/incidents/${number}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ number, sentinel: azure, notes: null, tags: [], assignee: null });
  expect((await system.api('GET', '/api/v1/incidents/999999')).status).toBe(404);
});

test('`sentinel` is the default workspace; its own name and id name it too', async () => {
  for (const provider of ['sentinel', 'documented', providerId])
    expect((await list(`provider=${provider}`)).body.total).toBe(30);
});
