import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from './incident-store.ts';
import { type Simulator, startSimulator } from './index.ts';
import { bearer, connection, control, incidentsPath, SHIPPED, send } from './test-client.ts';

let now = Date.parse('2026-03-01T12:00:00Z');
let simulator: Simulator;
let headers: Record<string, string>;
beforeAll(async () => {
  simulator = await startSimulator({ clock: { now: () => new Date(now) } });
  headers = await bearer(simulator);
});
afterAll(() => simulator.close());

interface Page {
  readonly value: Resource[];
  readonly nextLink?: string;
}

const get = async (below = '', query: Record<string, string> = {}, workspace = 'prod-sentinel') =>
  send(simulator, incidentsPath(connection(simulator, workspace), below, query), { headers });
const post = (below: string, workspace = 'prod-sentinel') =>
  send(simulator, incidentsPath(connection(simulator, workspace), below), { method: 'POST', headers });
const list = async (query: Record<string, string> = {}, workspace = 'prod-sentinel') =>
  (await get('', query, workspace)).body as Page;

const SAMPLES = join(import.meta.dirname, '..', 'samples');
const sample = (file: string): unknown => JSON.parse(readFileSync(join(SAMPLES, file), 'utf8'));

function incidentsIn(value: unknown): Resource[] {
  if (typeof value !== 'object' || value === null) return [];
  const { properties } = value as { properties?: Record<string, unknown> };
  if (typeof properties?.['incidentNumber'] === 'number') return [value as Resource];
  return Object.values(value).flatMap(incidentsIn);
}

test.each([
  ['rest', 4],
  ['verbatim', 3],
])('every incident of the %s samples is served as it is in its file, once', async (group, count) => {
  const files = readdirSync(join(SAMPLES, group));
  const wanted = files.flatMap((file) => incidentsIn(sample(`${group}/${file}`)));
  const byName = new Map(wanted.map((incident) => [incident.name, incident]));
  const { value } = await list({}, `sample-${group}`);
  expect(value).toHaveLength(count);
  expect(new Map(value.map((incident) => [incident.name, incident]))).toEqual(byName);
  for (const incident of wanted) {
    expect((await get(`/${incident.name}`, {}, `sample-${group}`)).body).toEqual(incident);
  }
});

test.each([
  ['73e01a99-5cd7-4139-a149-9f2736ff2ab5', 'alerts', 'verbatim/spec_GetAllIncidentAlerts.json'],
  ['73e01a99-5cd7-4139-a149-9f2736ff2ab5', 'entities', 'verbatim/spec_GetAllIncidentEntities.json'],
  ['8a44b7bb-c8ae-0000-0000-000000000', 'alerts', 'verbatim/xsoar_incident_alerts.json'],
  ['8a44b7bb-c8ae-0000-0000-000000000', 'entities', 'verbatim/xsoar_account_entity_with_additionalData.json'],
])('sample incident %s has the %s of %s', async (name, kind, file) => {
  const { body } = await post(`/${name}/${kind}`, 'sample-verbatim');
  expect(body).toMatchObject(sample(file) as Record<string, unknown>);
});

test('entities refer to each other by their names', async () => {
  const { value } = await list();
  const beaconing = value.find(({ properties }) =>
    String(properties['title']).includes('Command and control'),
  );
  const { entities } = (await post(`/${beaconing?.name}/entities`)).body as { entities: Resource[] };
  const names = entities.map(({ name }) => name);
  const process = entities.find(({ properties }) => properties['parentProcessEntityId'] !== undefined);
  expect(names).toContain(process?.properties['parentProcessEntityId']);
});

test('an incident of one severity is found by it, and the count says how many alerts it has', async () => {
  const { value } = await list({
    $filter: "properties/severity eq 'High' and properties/incidentNumber eq 4",
  });
  expect(value.map(({ properties }) => properties['title'])).toEqual([
    'Password spray attack involving multiple users',
  ]);
  const alerts = (await post(`/${value[0]?.name}/alerts`)).body as Page;
  expect(value[0]?.properties['additionalData']).toMatchObject({ alertsCount: alerts.value.length });
});

test('links lead back the way the client came, and carry its query', async () => {
  const at = connection(simulator);
  const path = incidentsPath(at, '', {
    $top: String(SHIPPED - 1),
    $filter: 'properties/incidentNumber gt 0',
  });
  const origin = simulator.url.replace('127.0.0.1', 'localhost');
  const first = (await send(simulator, `${origin}${path}`, { headers })).body as Page;
  expect(first.nextLink?.startsWith(`${origin}/subscriptions/`)).toBe(true);
  const second = (await send(simulator, first.nextLink ?? '', { headers })).body as Page;
  expect([first.value.length, second.value.length, second.nextLink]).toEqual([SHIPPED - 1, 1, undefined]);
});

test.each<[Record<string, string>, string]>([
  [{ $filter: "properties/severity eq 'High" }, 'OData query syntax error'],
  [{ $orderby: 'properties/title' }, 'OData query syntax error'],
  [{ $top: 'all' }, 'Invalid value for query option $top'],
  [{ $skipToken: 'stale' }, 'Invalid $skipToken'],
])('%j is 400 as Azure answers it', async (query, message) => {
  const { status, body } = await get('', query);
  expect([status, body]).toEqual([400, { error: { code: 'BadRequest', message } }]);
});

test('an unknown incident is 404 in the shape of the samples', async () => {
  const { status, body } = await get('/x');
  expect([status, body]).toEqual([404, sample('verbatim/xsoar_error_404.json')]);
});

test('the 101st alert or entity read within five minutes waits for the first to pass', async () => {
  const { body: added } = await control(simulator, '/workspaces', { name: 'quota', subscription: 'Quota' });
  const at = added as ReturnType<typeof connection>;
  await control(simulator, '/scenarios/password-spray/run?workspace=quota', {});
  const { value } = (await send(simulator, incidentsPath(at), { headers })).body as Page;
  const read = (kind: string) =>
    send(simulator, incidentsPath(at, `/${value[0]?.name}/${kind}`), { method: 'POST', headers });
  const statuses = [];
  for (let i = 0; i < 100; i++) statuses.push((await read(i % 2 ? 'alerts' : 'entities')).status);
  expect(new Set(statuses)).toEqual(new Set([200]));
  now += 60_000;
  const limited = await read('alerts');
  expect([limited.status, limited.headers['retry-after']]).toEqual([429, '240']);
  expect(limited.body).toMatchObject({ error: { code: 'TooManyRequests' } });
  expect((await send(simulator, incidentsPath(at), { headers })).status).toBe(200);
  now += 240_001;
  expect((await read('alerts')).status).toBe(200);
});
