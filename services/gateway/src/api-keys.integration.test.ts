import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const path = '/api/admin/api-keys';
const unknown = 'key_01KAXF7Q9V6T3X8WZ2M4N5P6R7';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGatewayUnderTest({}, { flushIntervalMs: 50 });
});
afterAll(() => gateway.close());

async function auditOf(targetId: string) {
  const { json } = await gateway.ask('GET', `/api/admin/audit-log?target_type=api_key&target_id=${targetId}`);
  return json.items;
}

describe('creating', () => {
  test('a key is shown once, in the documented shape, and opens what its scopes name', async () => {
    const body = { name: ' soar ', description: 'XSOAR', scopes: ['admin'], expires_in_days: 30 };
    const { status, json, headers } = await gateway.ask('POST', path, { body });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      id: expect.stringMatching(/^key_/),
      name: 'soar',
      scopes: ['admin'],
      header_name: 'X-API-Key',
      is_admin: true,
      is_bootstrap: false,
    });
    expect(json.api_key).toMatch(new RegExp(`^sk_live_${json.key_id}_[\\w-]{43}$`));
    expect(Date.parse(json.expires_at) - Date.parse(json.created_at)).toBe(30 * 86_400_000);
    expect([headers.get('location'), headers.get('cache-control')]).toEqual([
      `${path}/${json.id}`,
      'no-store',
    ]);
    const read = await gateway.ask('GET', `${path}/${json.id}`, { key: json.api_key });
    expect([read.status, read.json.name]).toEqual([200, 'soar']);
    expect(JSON.stringify(read.json)).not.toContain(json.api_key.split('_').slice(3).join('_'));
  });

  test('the creation is in the audit log with who, from where and by which request, and no secret', async () => {
    const body = { name: 'audited', scopes: ['incidents:read'] };
    const { json } = await gateway.ask('POST', path, { body, headers: { 'x-request-id': 'mine' } });
    const entries = await auditOf(json.id);
    expect(entries).toMatchObject([
      {
        action: 'api_key.created',
        actor: json.created_by,
        ip: '127.0.0.1',
        request_id: 'mine',
        before: null,
      },
    ]);
    expect(entries[0].after).toMatchObject({ name: 'audited', scopes: ['incidents:read'] });
    expect(JSON.stringify(entries)).not.toMatch(/secret|sha256|sk_live/);
  });

  test('an unknown field is ignored and named, as the documented API promises', async () => {
    const body = { name: 'a', scopes: ['search:read'], colour: 'red' };
    const { status, headers } = await gateway.ask('POST', path, { body });
    expect([status, headers.get('warning')]).toEqual([201, '299 - "ignored unknown fields: colour"']);
  });

  test.each([
    { what: 'no name', body: { scopes: ['admin'] }, loc: ['body', 'name'] },
    { what: 'an empty name', body: { name: ' ', scopes: ['admin'] }, loc: ['body', 'name'] },
    { what: 'no scope', body: { name: 'a', scopes: [] }, loc: ['body', 'scopes'] },
    { what: 'an unknown scope', body: { name: 'a', scopes: ['all'] }, loc: ['body', 'scopes', 0] },
    {
      what: 'an end in the past',
      body: { name: 'a', scopes: ['admin'], expires_in_days: 0 },
      loc: ['body', 'expires_in_days'],
    },
    {
      what: 'a NUL in the name',
      body: { name: 'a\0b', scopes: ['admin'] },
      loc: ['body', 'name'],
    },
  ])('a key with $what is 422 at its place', async ({ body, loc }) => {
    const { status, json } = await gateway.ask('POST', path, { body });
    expect([status, json.code, json.detail[0].loc]).toEqual([422, 'invalid_input', loc]);
  });
});

describe('reading', () => {
  test('a list is walked by cursor without gaps or repeats, and is exact about its total', async () => {
    const seen: string[] = [];
    let next = '';
    let total = 0;
    do {
      const { json } = await gateway.ask('GET', `${path}?limit=2${next && `&cursor=${next}`}`);
      seen.push(...json.items.map((item: { id: string }) => item.id));
      next = json.next_cursor;
      total = json.total;
      expect(json).toMatchObject({ limit: 2, offset: 0, total_relation: 'eq' });
    } while (next);
    expect(seen).toHaveLength(total);
    expect(new Set(seen).size).toBe(total);
  });

  test('the bootstrap key is marked as such and has every scope', async () => {
    const { json } = await gateway.ask('GET', `${path}?limit=100`);
    const bootstrap = json.items.filter((item: { is_bootstrap: boolean }) => item.is_bootstrap);
    expect(bootstrap).toMatchObject([{ name: 'bootstrap', created_by: 'host', is_admin: true }]);
    expect(bootstrap[0].scopes).toContain('incidents:act');
    expect(await auditOf(bootstrap[0].id)).toMatchObject([{ action: 'api_key.bootstrapped', actor: 'host' }]);
  });

  test('use shows soon after: when, from where, how often', async () => {
    const { id, apiKey } = await gateway.keyWith(['admin']);
    for (let i = 0; i < 3; i++) await gateway.ask('GET', path, { key: apiKey });
    const used = await until('the use is written', async () => {
      const { json } = await gateway.ask('GET', `${path}/${id}`);
      return json.requests_24h === 3 && json.last_used_at !== null && json;
    });
    expect(used.last_used_ip).toBe('127.0.0.1');
    expect(Math.abs(Date.now() - Date.parse(used.last_used_at))).toBeLessThan(10_000);
  });

  test.each([
    ['limit=1000', 'limit'],
    ['limit=0', 'limit'],
    ['limit=1e1', 'limit'],
    ['limit=%205', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['offset=-1', 'offset'],
    ['cursor=forged', 'cursor'],
    ['lmit=5', 'lmit'],
  ])('a list with ?%s is 422', async (query, name) => {
    const { status, json } = await gateway.ask('GET', `${path}?${query}`);
    expect([status, json.detail[0].loc]).toEqual([422, ['query', name]]);
  });

  test.each([
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/disable'],
    ['POST', '/enable'],
  ])('%s of an unknown key%s is 404', async (method, verb) => {
    const call = method === 'PATCH' ? { body: { name: 'b' } } : {};
    const { status, json } = await gateway.ask(method, `${path}/${unknown}${verb}`, call);
    expect([status, json.code]).toEqual([404, 'not_found']);
  });
});

describe('changing', () => {
  test('a change holds at once, and the audit log has what was before and after', async () => {
    const { id, apiKey } = await gateway.keyWith(['admin']);
    expect((await gateway.ask('GET', path, { key: apiKey })).status).toBe(200);
    const body = {
      scopes: ['search:read'],
      rate_limit_per_minute: 7,
      expires_in_days: null,
      description: 'd',
    };
    const { status, json } = await gateway.ask('PATCH', `${path}/${id}`, { body });
    expect([status, json]).toEqual([200, expect.objectContaining({ ...json, scopes: ['search:read'] })]);
    const refused = await gateway.ask('GET', path, { key: apiKey });
    expect([refused.status, refused.headers.get('ratelimit-limit')]).toEqual([403, '7']);
    expect((await auditOf(id))[0]).toMatchObject({
      action: 'api_key.updated',
      before: { scopes: ['admin'], description: null },
      after: { scopes: ['search:read'], description: 'd' },
    });
  });

  test.each([
    ['nothing', {}],
    ['an unknown field', { secret: 'x' }],
    ['a wrong rate', { rate_limit_per_minute: 0 }],
  ])('a change of %s is 422', async (_what, body) => {
    const { id } = await gateway.keyWith(['admin']);
    expect((await gateway.ask('PATCH', `${path}/${id}`, { body })).status).toBe(422);
  });

  test('a disabled key is refused at once with the reason, and works again when enabled', async () => {
    const { id, apiKey } = await gateway.keyWith(['admin']);
    expect((await gateway.ask('GET', path, { key: apiKey })).status).toBe(200);
    const disabled = await gateway.ask('POST', `${path}/${id}/disable`);
    expect([disabled.status, disabled.json.status]).toEqual([200, 'disabled']);
    const refused = await gateway.ask('GET', path, { key: apiKey });
    expect([refused.status, refused.json.detail]).toEqual([401, 'the API key is disabled']);
    expect((await gateway.ask('POST', `${path}/${id}/enable`)).json.status).toBe('active');
    expect((await gateway.ask('GET', path, { key: apiKey })).status).toBe(200);
  });

  test('a deleted key is refused like one that never was, and is gone from listings but not from the audit log', async () => {
    const { id, apiKey } = await gateway.keyWith(['admin']);
    expect((await gateway.ask('GET', path, { key: apiKey })).status).toBe(200);
    expect(await gateway.ask('DELETE', `${path}/${id}`)).toMatchObject({ status: 204, json: undefined });
    const refused = await gateway.ask('GET', path, { key: apiKey });
    expect([refused.status, refused.json.detail]).toEqual([401, 'the API key is not valid']);
    expect((await gateway.ask('GET', `${path}/${id}`)).status).toBe(404);
    expect((await auditOf(id))[0]).toMatchObject({ action: 'api_key.deleted', after: null });
  });

  test('a key cannot disable or delete itself, so that nobody locks the last door from inside', async () => {
    const { id, apiKey } = await gateway.keyWith(['admin']);
    for (const [method, verb] of [['POST', '/disable'] as const, ['DELETE', ''] as const]) {
      const { status, json } = await gateway.ask(method, `${path}/${id}${verb}`, { key: apiKey });
      expect([status, json.code]).toEqual([409, 'conflict']);
    }
  });

  test('a bootstrap key keeps its scopes', async () => {
    const { json } = await gateway.ask('GET', `${path}?limit=100`);
    const { id } = json.items.find((item: { is_bootstrap: boolean }) => item.is_bootstrap);
    const body = { scopes: ['search:read'] };
    expect((await gateway.ask('PATCH', `${path}/${id}`, { body })).status).toBe(409);
  });
});

describe('a key that is limited to workspaces', () => {
  test('makes keys for these alone, and widens none, itself included', async () => {
    const admin = await gateway.keyWith(['admin'], { providers: ['prv_1', 'prv_2'] });
    const key = admin.apiKey;
    const create = (providers: string[]) =>
      gateway.ask('POST', path, { key, body: { name: 'made', scopes: ['incidents:read'], providers } });
    expect((await create([])).json.providers).toEqual(['prv_1', 'prv_2']);
    const made = await create(['prv_1']);
    expect(made.json.providers).toEqual(['prv_1']);
    expect((await create(['prv_1', 'prv_3'])).status).toBe(403);
    const patch = (id: string, providers: string[]) =>
      gateway.ask('PATCH', `${path}/${id}`, { key, body: { providers } });
    expect((await patch(made.json.id, ['prv_3'])).status).toBe(403);
    expect((await patch(admin.id, [])).json.providers).toEqual(['prv_1', 'prv_2']);
    expect((await patch(made.json.id, ['prv_2'])).json.providers).toEqual(['prv_2']);
  });

  test('reads nothing of the audit log, which tells of all workspaces', async () => {
    const { apiKey: key } = await gateway.keyWith(['admin'], { providers: ['prv_1'] });
    expect((await gateway.ask('GET', '/api/admin/audit-log', { key })).status).toBe(403);
  });

  test('changes no key that opens more', async () => {
    const { apiKey: key } = await gateway.keyWith(['admin'], { providers: ['prv_1'] });
    const other = await gateway.keyWith(['incidents:read']);
    const calls = [
      await gateway.ask('PATCH', `${path}/${other.id}`, { key, body: { scopes: ['admin'] } }),
      await gateway.ask('POST', `${path}/${other.id}/disable`, { key }),
      await gateway.ask('DELETE', `${path}/${other.id}`, { key }),
    ];
    expect(calls.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect((await gateway.ask('GET', `${path}/${other.id}`)).json).toMatchObject({
      scopes: ['incidents:read'],
      status: 'active',
    });
  });
});
