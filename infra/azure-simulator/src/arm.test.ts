import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Simulator, startSimulator } from './index.ts';
import { bearer, connection, control, incidentsPath, send } from './test-client.ts';

let now = Date.parse('2026-03-01T12:00:00Z');
let simulator: Simulator;
let headers: Record<string, string>;
beforeAll(async () => {
  simulator = await startSimulator({ clock: { now: () => new Date(now) } });
  headers = await bearer(simulator);
});
afterAll(() => simulator.close());

const OTHER = '11111111-2222-4333-8444-555555555555';
const get = (path: string, given = headers) => send(simulator, path, { headers: given });
const listOf = async (path: string, given = headers) =>
  ((await get(path, given)).body as { value: Record<string, unknown>[] }).value;

async function application(name: string): Promise<Record<string, string>> {
  const { body } = await control(simulator, '/applications');
  const { applications } = body as { applications: Record<string, string>[] };
  const { client_id = '', client_secret = '' } = applications.find((known) => known['name'] === name) ?? {};
  return bearer(simulator, { client_id, client_secret });
}

test.each(['prod-sentinel', 'sample-rest', 'sample-verbatim'])(
  'who knows only the GUID of %s finds the rest by listing',
  async (name) => {
    const wanted = connection(simulator, name);
    const found: string[] = [];
    for (const { subscriptionId } of await listOf('/subscriptions?api-version=2022-12-01')) {
      const path = `/subscriptions/${String(subscriptionId)}/providers/Microsoft.OperationalInsights/workspaces?api-version=2023-09-01`;
      for (const { id, properties } of await listOf(path)) {
        if ((properties as { customerId: string }).customerId === wanted.workspace_id) found.push(String(id));
      }
    }
    expect(found).toEqual([
      `/subscriptions/${wanted.subscription_id}/resourceGroups/${wanted.resource_group}/providers/Microsoft.OperationalInsights/workspaces/${name}`,
    ]);
  },
);

test('an application without a role sees no subscription and is denied what it names', async () => {
  const denied = await application('no-access');
  const { subscription_id } = connection(simulator);
  expect(await listOf('/subscriptions?api-version=2022-12-01', denied)).toEqual([]);
  const workspaces = `/subscriptions/${subscription_id}/providers/Microsoft.OperationalInsights/workspaces?api-version=2023-09-01`;
  for (const path of [workspaces, incidentsPath(connection(simulator))]) {
    const { status, body } = await get(path, denied);
    expect([status, body]).toMatchObject([403, { error: { code: 'AuthorizationFailed' } }]);
  }
});

test('an application that may see a workspace but not its incidents is told which action is missing', async () => {
  const reader = await application('reader-without-sentinel');
  expect(await listOf('/subscriptions?api-version=2022-12-01', reader)).toHaveLength(2);
  const { status, body } = await get(incidentsPath(connection(simulator)), reader);
  expect(status).toBe(403);
  expect((body as { error: { message: string } }).error.message).toContain(
    "perform action 'Microsoft.SecurityInsights/incidents/read' over scope '/subscriptions/",
  );
});

test.each<[string, () => Promise<Record<string, string>>, string]>([
  ['no token', async () => ({}), 'AuthenticationFailed'],
  ['a token of garbage', async () => ({ authorization: 'Bearer a.b.c' }), 'InvalidAuthenticationToken'],
  [
    'a token with another signature',
    async () => ({ authorization: `${headers['authorization']?.slice(0, -20)}${'A'.repeat(20)}` }),
    'InvalidAuthenticationToken',
  ],
  [
    'a token for another resource',
    () => bearer(simulator, { scope: 'https://api.loganalytics.io/.default' }),
    'InvalidAuthenticationTokenAudience',
  ],
])('%s is 401 with a challenge', async (_, given, code) => {
  const answer = await get(incidentsPath(connection(simulator)), await given());
  expect([answer.status, answer.body]).toMatchObject([401, { error: { code } }]);
  expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
});

test('a token is refused once it has expired', async () => {
  const start = now;
  now += 3_600_000;
  const { status, body } = await get(incidentsPath(connection(simulator)));
  now = start;
  expect([status, body]).toMatchObject([401, { error: { code: 'ExpiredAuthenticationToken' } }]);
});

test.each<[string, Partial<ReturnType<typeof connection>>, string]>([
  ['subscription', { subscription_id: OTHER }, 'SubscriptionNotFound'],
  ['resource group', { resource_group: 'rg-none' }, 'ResourceGroupNotFound'],
  ['workspace', { workspace_name: 'none' }, 'ResourceNotFound'],
])('an unknown %s is 404', async (_, wrong, code) => {
  const { status, body } = await get(incidentsPath({ ...connection(simulator), ...wrong }));
  expect([status, body]).toMatchObject([404, { error: { code, message: expect.any(String) } }]);
});

test('names are found whatever their case', async () => {
  const { resource_group, ...at } = connection(simulator);
  const path = incidentsPath({ ...at, resource_group: resource_group.toUpperCase() });
  expect((await get(path.replace('/subscriptions/', '/SUBSCRIPTIONS/'))).status).toBe(200);
});

test('the api-version is required, well formed and supported', async () => {
  const path = incidentsPath(connection(simulator));
  const codeOf = async (query: string) =>
    ((await get(path.replace('api-version=2025-09-01', query))).body as { error: { code: string } }).error
      .code;
  expect(await codeOf('x=1')).toBe('MissingApiVersionParameter');
  expect(await codeOf('api-version=latest')).toBe('InvalidApiVersionParameter');
  expect(await codeOf('api-version=2019-01-01')).toBe('NoRegisteredProviderFound');
});

test('what is not there is 404 and what has no such method 405', async () => {
  expect((await get('/nothing/here')).status).toBe(404);
  const answer = await send(simulator, incidentsPath(connection(simulator)), { method: 'DELETE', headers });
  expect(answer.status).toBe(405);
});
