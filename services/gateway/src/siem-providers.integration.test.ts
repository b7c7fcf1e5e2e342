import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Simulator, startSimulator, type WorkspaceConnection } from '@socmate/azure-simulator';
import { sealContext, syncProvider } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import { createPool, type Pool } from '@socmate/database';
import { startConsumer } from '@socmate/queue';
import { createLogger } from '@socmate/runtime';
import { anEndpoint, anIncident, trustAuthority, until } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/admin/siem-providers';
let simulator: Simulator;
let gateway: GatewayUnderTest;
let pool: Pool;

beforeAll(async () => {
  simulator = await startSimulator({ isPopulated: false });
  trustAuthority(simulator.caPem);
  gateway = await startGatewayUnderTest({
    AZURE_AUTHORITY_HOST: simulator.url,
    AZURE_RESOURCE_MANAGER_URL: simulator.url,
  });
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
  await simulator.close();
});
beforeEach(async () => {
  await fetch(`${simulator.controlUrl}/faults`, { method: 'DELETE' });
  await pool.query('TRUNCATE siem_provider, webhook_endpoint CASCADE');
});

const workspace = (index = 0): WorkspaceConnection => simulator.workspaces[index]!;
/** What the documented call sends: no place, only the GUID. */
const documented = (index = 0, only: object = {}) => {
  const { name, workspace_id, tenant_id, client_id, client_secret } = workspace(index);
  return { name, provider_type: 'sentinel', workspace_id, tenant_id, client_id, client_secret, ...only };
};
const create = (body: object) => gateway.ask('POST', PATH, { body });
const created = async (index = 0, only: object = {}) => {
  const { status, json } = await create(documented(index, only));
  expect(status).toBe(201);
  return json;
};
const patch = (id: string, body: object) => gateway.ask('PATCH', `${PATH}/${id}`, { body });
const get = async (id: string) => (await gateway.ask('GET', `${PATH}/${id}`)).json;
const fault = (body: object) =>
  fetch(`${simulator.controlUrl}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('the documented fields are enough: the place of the workspace is found by its GUID', async () => {
  const { status, json } = await create(documented());
  const { client_secret, ...place } = workspace();
  expect(status).toBe(201);
  expect(json).toMatchObject({
    ...place,
    id: expect.stringMatching(/^prv_/),
    provider_type: 'sentinel',
    status: 'active',
    client_secret_masked: `****${client_secret.slice(-4)}`,
    is_default: true,
    last_health_check: expect.any(String),
    enabled: true,
    alert_backlog: false,
    sync_interval_s: null,
    first_window: 'P7D',
    cloud: 'public',
    last_synced_at: null,
    last_error: null,
  });
});

test('the client secret is sealed at rest and in no answer and no audit entry', async () => {
  const { id } = await created();
  const { client_secret } = workspace();
  const { rows } = await pool.query('SELECT * FROM siem_provider WHERE id = $1', [id]);
  expect(JSON.stringify(rows)).not.toContain(client_secret);
  const sealer = createSealer(parseMasterKeys(gateway.config.MASTER_KEYS));
  expect(sealer.open(rows[0].client_secret_sealed, sealContext.clientSecret(id))).toBe(client_secret);
  const answers = [
    await create(documented()),
    await patch(id, { client_secret }),
    await gateway.ask('GET', PATH),
    await gateway.ask('GET', `${PATH}/${id}`),
    await gateway.ask('GET', '/api/admin/audit-log'),
  ];
  expect(JSON.stringify(answers)).not.toContain(client_secret);
});

test('unknown fields are ignored and named in a warning on the documented calls, and 422 elsewhere', async () => {
  const { status, headers, json } = await create(documented(0, { region: 'westeurope' }));
  expect(status).toBe(201);
  expect(headers.get('warning')).toContain('region');
  const tried = await gateway.ask('POST', `${PATH}/test`, { body: documented(0, { region: 'x' }) });
  expect([tried.status, tried.headers.get('warning')]).toEqual([200, expect.stringContaining('region')]);
  expect((await patch(json.id, { region: 'x' })).status).toBe(422);
});

const nowhere = '00000000-0000-4000-8000-000000000000';

test.each([
  [{ client_secret: 'wrong-secret-value' }, 'client_secret', /client secret.*wrong/],
  [{ tenant_id: nowhere }, 'tenant_id', /no tenant/],
  [{ client_id: nowhere }, 'client_id', /no application/],
  [{ workspace_id: nowhere }, 'workspace_id', /sees no workspace/],
])(
  'a workspace with %j is refused at that field, in a sentence of its own',
  async (only, field, sentence) => {
    const { status, json } = await create(documented(0, only));
    expect(status).toBe(422);
    expect(json.detail).toEqual([
      { loc: ['body', field], msg: expect.stringMatching(sentence), type: 'connection_refused' },
    ]);
    expect(JSON.stringify(json)).not.toContain('wrong-secret-value');
    const tried = await gateway.ask('POST', `${PATH}/test`, { body: documented(0, only) });
    expect(tried.status).toBe(200);
    expect(tried.json).toMatchObject({ status: 'error', message: expect.stringMatching(sentence) });
    expect((await gateway.ask('GET', PATH)).json.total).toBe(0);
  },
);

test('a place that is given outright is proved, too', async () => {
  const { subscription_id, resource_group, workspace_name } = workspace();
  const place = { subscription_id, resource_group, workspace_name };
  expect((await create(documented(0, { ...place, client_secret: 'wrong' }))).status).toBe(422);
  expect((await create(documented(0, { ...place, workspace_name: 'nowhere' }))).status).toBe(422);
  expect((await create(documented(0, { subscription_id }))).status).toBe(422);
  expect((await create(documented(0, place))).status).toBe(201);
});

test('where Azure is at fault, creating is 502 and nothing is stored', async () => {
  await fault({ target: 'token', kind: '500' });
  const { status, json } = await create(documented());
  expect([status, json.code]).toEqual([502, 'upstream_error']);
  expect((await gateway.ask('GET', PATH)).json.total).toBe(0);
  const tried = await gateway.ask('POST', `${PATH}/test`, { body: documented() });
  expect(tried.json).toMatchObject({
    status: 'error',
    checks: [{ name: 'token', status: 'failed' }, {}, {}, {}, {}],
  });
});

test.each([
  [{ name: '' }, 'name'],
  [{ workspace_id: 'not-a-guid' }, 'workspace_id'],
  [{ tenant_id: 'not a tenant' }, 'tenant_id'],
  [{ provider_type: 'splunk' }, 'provider_type'],
  [{ sync_interval_s: 9 }, 'sync_interval_s'],
  [{ first_window: 'a week' }, 'first_window'],
  [{ cloud: 'mars' }, 'cloud'],
])('creating with %j is 422 at that field', async (only, field) => {
  const { status, json } = await create(documented(0, only));
  expect(status).toBe(422);
  expect(json.detail[0].loc).toEqual(['body', field]);
});

test('a workspace that is connected, and a name that is taken, are 409', async () => {
  await created(0);
  expect((await create(documented(0, { name: 'another name' }))).status).toBe(409);
  expect((await create(documented(1, { name: workspace(0).name }))).status).toBe(409);
  const other = await created(1);
  expect((await patch(other.id, { name: workspace(0).name })).status).toBe(409);
});

test('two calls that connect one workspace at the same time connect it once', async () => {
  const answers = await Promise.all([create(documented()), create(documented()), create(documented(1))]);
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 201, 409]);
  const { json } = await gateway.ask('GET', PATH);
  expect(json.items.filter(({ is_default }: { is_default: boolean }) => is_default)).toHaveLength(1);
});

test('there is exactly one default: the first, then whichever is named, then the oldest that is left', async () => {
  const [first, second, third] = [await created(0), await created(1), await created(2)];
  const defaults = async () =>
    (await gateway.ask('GET', PATH)).json.items
      .filter(({ is_default }: { is_default: boolean }) => is_default)
      .map(({ id }: { id: string }) => id);
  expect(await defaults()).toEqual([first.id]);
  expect((await patch(third.id, { is_default: true })).json.is_default).toBe(true);
  expect(await defaults()).toEqual([third.id]);
  expect((await gateway.ask('DELETE', `${PATH}/${third.id}`)).status).toBe(204);
  expect(await defaults()).toEqual([first.id]);
  await gateway.ask('DELETE', `${PATH}/${first.id}`);
  await gateway.ask('DELETE', `${PATH}/${second.id}`);
  expect(await defaults()).toEqual([]);
});

test('a deleted workspace is gone, its incidents stay, and connecting it again gives it its old id', async () => {
  const { id } = await created();
  await anIncident(pool, { provider_id: id, number: 77 });
  expect((await gateway.ask('DELETE', `${PATH}/${id}`)).status).toBe(204);
  for (const [method, path] of [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/test'],
    ['POST', '/sync'],
  ] as const) {
    const body = method === 'PATCH' ? {} : undefined;
    expect((await gateway.ask(method, `${PATH}/${id}${path}`, { body })).status).toBe(404);
  }
  expect((await gateway.ask('GET', '/api/v1/incidents/77')).status).toBe(200);
  const again = await created(0, { name: 'renamed', alert_backlog: true });
  expect(again).toMatchObject({ id, name: 'renamed', alert_backlog: true, is_default: true });
  expect((await gateway.ask('GET', '/api/v1/incidents/77')).json.provider).toBe('renamed');
});

test('a change is audited; a new name goes on in the endpoints that name the workspace', async () => {
  const { id, name } = await created();
  const endpoint = await anEndpoint(pool, { providers: [name, 'other'] });
  const body = {
    name: 'renamed',
    sync_interval_s: 60,
    alert_backlog: true,
    first_window: 'P30D',
    enabled: false,
  };
  const { status, json } = await patch(id, body);
  expect(status).toBe(200);
  expect(json).toMatchObject({ ...body, status: 'disabled' });
  const { rows } = await pool.query('SELECT providers FROM webhook_endpoint WHERE id = $1', [endpoint.id]);
  expect(rows[0].providers).toEqual(['renamed', 'other']);
  expect((await pool.query(`SELECT FROM graph_change WHERE kind = 'all'`)).rows).not.toHaveLength(0);
  const { json: audit } = await gateway.ask('GET', `/api/admin/audit-log?target_id=${id}`);
  expect(audit.items[0]).toMatchObject({ action: 'siem_provider.updated', before: { name }, after: body });
  expect((await gateway.ask('POST', `${PATH}/${id}/sync`)).status).toBe(409);
});

test('new credentials are tried before they take the place of those that work', async () => {
  const { id } = await created();
  const refused = await patch(id, { client_secret: 'wrong-secret-value' });
  expect(refused.status).toBe(422);
  expect(refused.json.detail[0].loc).toEqual(['body', 'client_secret']);
  expect((await gateway.ask('POST', `${PATH}/${id}/test`)).json.status).toBe('healthy');
});

test('a stored workspace is tried, permission by permission, and the time of it is kept', async () => {
  const { id, last_health_check } = await created();
  const { status, json } = await gateway.ask('POST', `${PATH}/${id}/test`);
  expect(status).toBe(200);
  expect(json).toEqual({
    status: 'healthy',
    message: expect.any(String),
    latency_ms: expect.any(Number),
    checks: [
      { name: 'token', status: 'ok' },
      { name: 'incidents_read', status: 'ok' },
      { name: 'log_query', status: 'ok' },
      { name: 'comment_write', status: 'ok' },
      { name: 'incident_write', status: 'ok' },
    ],
  });
  expect((await get(id)).last_health_check > last_health_check).toBe(true);
});

test('a sync makes the workspace due and wakes the sync for it', async () => {
  const { id } = await created();
  await pool.query(`UPDATE siem_provider SET next_sync_at = now() + interval '1 hour'`);
  const woken: string[] = [];
  const consumer = startConsumer(
    syncProvider,
    {
      url: gateway.config.REDIS_URL,
      prefix: gateway.config.QUEUE_PREFIX,
      concurrency: 1,
      graceMs: 0,
      log: createLogger('test', 'silent'),
    },
    async ({ providerId }) => void woken.push(providerId),
  );
  const { status, json } = await gateway.ask('POST', `${PATH}/${id}/sync`);
  expect([status, json]).toEqual([202, { id, status: 'queued' }]);
  await until('the wake-up arrives', () => woken.includes(id));
  await consumer.close();
  const { rows } = await pool.query('SELECT next_sync_at <= now() AS is_due FROM siem_provider');
  expect(rows).toEqual([{ is_due: true }]);
});

test('workspaces are listed newest first and continued by a cursor', async () => {
  const ids = [];
  for (const index of [0, 1, 2]) ids.unshift((await created(index)).id);
  const first = (await gateway.ask('GET', `${PATH}?limit=2`)).json;
  const second = (await gateway.ask('GET', `${PATH}?limit=2&cursor=${first.next_cursor}`)).json;
  expect([...first.items, ...second.items].map(({ id }: { id: string }) => id)).toEqual(ids);
});

test('without a key it is 401, without the scope 403, unknown 404', async () => {
  const { id } = await created();
  const { apiKey } = await gateway.keyWith(['incidents:read', 'webhooks:write']);
  for (const [method, path] of [
    ['GET', ''],
    ['POST', ''],
    ['POST', '/test'],
    ['GET', `/${id}`],
    ['PATCH', `/${id}`],
    ['DELETE', `/${id}`],
    ['POST', `/${id}/test`],
    ['POST', `/${id}/sync`],
  ] as const) {
    expect((await gateway.ask(method, PATH + path, { key: null })).status).toBe(401);
    expect((await gateway.ask(method, PATH + path, { key: apiKey })).status).toBe(403);
  }
  expect((await gateway.ask('GET', `${PATH}/prv_unknown`)).status).toBe(404);
});

test('an administrator who is limited to workspaces sees these and connects no others', async () => {
  const mine = await created(0);
  const other = await created(1);
  const { apiKey: key } = await gateway.keyWith(['admin'], { providers: [mine.id] });
  expect((await gateway.ask('GET', PATH, { key })).json).toMatchObject({
    total: 1,
    items: [{ id: mine.id }],
  });
  expect((await gateway.ask('GET', `${PATH}/${other.id}`, { key })).status).toBe(404);
  expect((await gateway.ask('DELETE', `${PATH}/${other.id}`, { key })).status).toBe(404);
  expect((await gateway.ask('POST', PATH, { key, body: documented(2) })).status).toBe(403);
});
