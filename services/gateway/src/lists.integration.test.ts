import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createListEntries, createPool, type Pool } from '@socmate/database';
import { aProvider } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/admin/lists';
let gateway: GatewayUnderTest;
let pool: Pool;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE list_entry');
});

const add = (list: string, body: object) => gateway.ask('POST', `${PATH}/${list}`, { body });
const valuesOf = async (path: string): Promise<string[]> =>
  (await gateway.ask('GET', `${PATH}/${path}`)).json.items.map(({ value }: { value: string }) => value);

test('an entry is kept in its normal form, with who answers for it and until when', async () => {
  const ends_at = '2100-01-01T00:00:00+02:00';
  const { status, json, headers } = await add('watch', {
    value: '45[.]155.205.20',
    note: 'seen in March',
    owner: 'red team',
    ends_at,
  });
  expect(status).toBe(201);
  expect(json).toEqual({
    id: expect.stringMatching(/^lst_/),
    list: 'watch',
    type: 'ip',
    value: '45.155.205.20',
    key: 'ip:45.155.205.20',
    note: 'seen in March',
    owner: 'red team',
    ends_at: '2099-12-31T22:00:00.000Z',
    created_at: expect.any(String),
    created_by: expect.stringMatching(/^key_/),
  });
  expect((await gateway.ask('GET', headers.get('location')!)).json).toEqual(json);
});

test('a list shows its own entries, newest first, and finds one in any notation', async () => {
  await add('watch', { value: '45.155.205.20' });
  await add('watch', { value: '*.contoso.com' });
  await add('allow', { value: '10.0.0.0/8' });
  expect(await valuesOf('watch')).toEqual(['contoso.com', '45.155.205.20']);
  expect(await valuesOf('watch?value=CONTOSO[.]com')).toEqual(['contoso.com']);
  expect(await valuesOf('allow?value=45.155.205.20')).toEqual([]);
});

test('a scan by cursor meets each entry once while others arrive', async () => {
  for (let number = 1; number <= 4; number += 1) await add('watch', { value: `45.155.205.${number}` });
  const first = (await gateway.ask('GET', `${PATH}/watch?limit=2`)).json;
  expect(first).toMatchObject({ total: 4, total_relation: 'eq' });
  await add('watch', { value: '45.155.205.9' });
  const next = await valuesOf(`watch?limit=2&cursor=${first.next_cursor}`);
  expect(next).toEqual(['45.155.205.2', '45.155.205.1']);
  const elsewhere = await gateway.ask('GET', `${PATH}/allow?limit=2&cursor=${first.next_cursor}`);
  expect(elsewhere.status).toBe(422);
});

test('the same value twice is a conflict, in whatever notation, until the entry has ended', async () => {
  await add('watch', { value: 'evil.example.com' });
  const again = await add('watch', { value: 'EVIL[.]example.com' });
  expect(again.status).toBe(409);
  expect(again.json.detail).toBe(
    'the list watch has evil.example.com already: remove that entry to change it',
  );
  expect((await add('allow', { value: 'evil.example.com' })).status).toBe(201);
  await pool.query('UPDATE list_entry SET ends_at = now()');
  expect((await add('watch', { value: 'evil.example.com', note: 'again' })).status).toBe(201);
  expect((await createListEntries(pool).current()).map(({ list, note }) => [list, note])).toEqual([
    ['watch', 'again'],
  ]);
});

test('a removed entry is gone, and the second removal finds nothing', async () => {
  const { id } = (await add('internal', { value: 'contoso.com' })).json;
  expect((await gateway.ask('DELETE', `${PATH}/watch/${id}`)).status).toBe(404);
  expect((await gateway.ask('DELETE', `${PATH}/internal/${id}`)).status).toBe(204);
  expect((await gateway.ask('DELETE', `${PATH}/internal/${id}`)).json).toMatchObject({ code: 'not_found' });
  expect((await gateway.ask('GET', `${PATH}/internal/${id}`)).status).toBe(404);
});

test('both changes stand in the audit log', async () => {
  const { id } = (await add('watch', { value: 'ws01', type: 'HOST' })).json;
  await gateway.ask('DELETE', `${PATH}/watch/${id}`);
  const { items } = (await gateway.ask('GET', `/api/admin/audit-log?target_id=${id}`)).json;
  const state = { list: 'watch', type: 'host', value: 'ws01', note: null, owner: null, ends_at: null };
  expect(items).toMatchObject([
    { action: 'list_entry.removed', before: state, after: null },
    { action: 'list_entry.added', before: null, after: state, target_type: 'list_entry' },
  ]);
});

test('there are four lists, and others are not found', async () => {
  for (const list of ['allow', 'watch', 'internal', 'approved'])
    expect((await gateway.ask('GET', `${PATH}/${list}`)).status).toBe(200);
  const calls: [string, string, object?][] = [
    ['GET', `${PATH}/block`],
    ['GET', `${PATH}/block/lst_1`],
    ['DELETE', `${PATH}/block/lst_1`],
    ['POST', `${PATH}/block`, { body: { value: '45.155.205.20' } }],
  ];
  for (const [method, path, call] of calls) {
    const { status, json } = await gateway.ask(method, path, call);
    expect([status, json.detail]).toEqual([
      404,
      'there is no such list: the lists are allow, watch, internal, approved',
    ]);
  }
});

test.each([
  [{}, ['body', 'value']],
  [{ value: '' }, ['body', 'value']],
  [{ value: 'ws01' }, ['body', 'type']],
  [{ value: 'ws01', type: 'ip' }, ['body', 'value']],
  [{ value: 'ws01', type: 'starship' }, ['body', 'type']],
  [{ value: '45.155.205.20', ends_at: '2020-01-01T00:00:00Z' }, ['body', 'ends_at']],
  [{ value: '45.155.205.20', ends_at: 'tomorrow' }, ['body', 'ends_at']],
  [{ value: '45.155.205.20', owner: '' }, ['body', 'owner']],
])('%j is refused and says where', async (body, loc) => {
  const { status, json } = await add('watch', body);
  expect(status).toBe(422);
  expect(json.detail).toMatchObject([{ loc }]);
});

test('an unknown field and a bad limit are refused', async () => {
  expect((await add('watch', { value: '45.155.205.20', comment: 'x' })).status).toBe(422);
  expect((await gateway.ask('GET', `${PATH}/watch?limit=101`)).status).toBe(422);
});

test('only an administrator of all workspaces has a part in it', async () => {
  const { id } = await aProvider(pool);
  const { apiKey: reader } = await gateway.keyWith(['incidents:read']);
  const { apiKey: limited } = await gateway.keyWith(['admin'], { providers: [id] });
  const body = { value: '45.155.205.20' };
  expect((await gateway.ask('GET', `${PATH}/watch`, { key: null })).status).toBe(401);
  for (const key of [reader, limited]) {
    expect((await gateway.ask('GET', `${PATH}/watch`, { key })).status).toBe(403);
    expect((await gateway.ask('POST', `${PATH}/watch`, { key, body })).status).toBe(403);
    expect((await gateway.ask('GET', `${PATH}/watch/lst_1`, { key })).status).toBe(403);
    expect((await gateway.ask('DELETE', `${PATH}/watch/lst_1`, { key })).status).toBe(403);
  }
});

test('a repeated call with an Idempotency-Key adds one entry', async () => {
  const call = { body: { value: '45.155.205.20' }, headers: { 'idempotency-key': 'once' } };
  const first = await gateway.ask('POST', `${PATH}/watch`, call);
  const second = await gateway.ask('POST', `${PATH}/watch`, call);
  expect([second.status, second.json]).toEqual([201, first.json]);
});
