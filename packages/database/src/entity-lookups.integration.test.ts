import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extractFromText, lookupKeys } from '@socmate/entities';
import { cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createEntities } from './entity-lookups.ts';
import { storeReadings } from './entity-store.ts';
import { anEntity } from './entity-store-fixture.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;

const text = `beacon to hxxps://Evil[.]example[.]net/a from 2001:db8::dead:beef and 45[.]155.205.20,
  payload 44D88612FEA8A8F36DE82E1278ABB02F`;

const ann = ['user:ann@contoso.com', 'user:sid:s-1-5-21-1-2-3-1104', 'user:contoso\\ann', 'user:ann@prv_1'];

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 2, name: 'test' });
  const { entities } = extractFromText(text, 'prv_1');
  const hosts = [
    anEntity(['host:ws01@prv_1']),
    anEntity(['host:ws01.contoso.com', 'host:ws01@prv_1']),
    anEntity(['host:ws02@prv_1']),
  ];
  const all = [...entities, anEntity(ann, { attributes: { title: 'CFO' } }), ...hosts];
  const [firstSeen, lastSeen] = [new Date('2026-11-01T00:00:00Z'), new Date('2026-11-02T00:00:00Z')];
  await storeReadings(pool, [
    { incidentId: 'inc_1', firstSeen, lastSeen, entities: all, relations: [] },
    { incidentId: 'inc_2', firstSeen, lastSeen, entities: all.slice(0, 1), relations: [] },
  ]);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const find = async (value: string, workspace = 'prv_1') =>
  (await createEntities(pool).find({ keys: lookupKeys(value, workspace) }))?.key;

test.each([
  ['45.155.205[.]20', 'ip:45.155.205.20'],
  ['2001:0DB8:0:0:0:0:DEAD:BEEF', 'ip:2001:db8::dead:beef'],
  ['ip:2001:db8::dead:beef', 'ip:2001:db8::dead:beef'],
  ['EVIL[.]example.net', 'domain:evil.example.net'],
  ['44d88612fea8a8f36de82e1278abb02f', 'hash:44d88612fea8a8f36de82e1278abb02f'],
  ['Ann@Contoso.com', 'user:ann@contoso.com'],
  ['CONTOSO\\ann', 'user:ann@contoso.com'],
  ['S-1-5-21-1-2-3-1104', 'user:ann@contoso.com'],
  ['ann', 'user:ann@contoso.com'],
])('%s finds %s', async (value, key) => {
  expect(await find(value)).toBe(key);
});

test('a bare name finds nothing in another workspace', async () => {
  expect(await find('ann', 'prv_2')).toBeUndefined();
  expect(await find('ws02')).toBe('host:ws02@prv_1');
  expect(await find('ws02', 'prv_2')).toBeUndefined();
});

test('of those that go by a weak name the strong one is found', async () => {
  expect(await find('WS01')).toBe('host:ws01.contoso.com');
});

test('what no incident of the given workspaces names is not found', async () => {
  const entities = createEntities(pool);
  const keys = lookupKeys('ann@contoso.com', 'prv_1');
  expect(await entities.find({ keys, providerIds: ['prv_2'] })).toBeUndefined();
});

test('a type narrows what is found', async () => {
  const entities = createEntities(pool);
  const keys = lookupKeys('ann@contoso.com', 'prv_1');
  expect(await entities.find({ keys, type: 'user' })).toMatchObject({
    type: 'user',
    aliases: ann,
    attributes: { title: 'CFO' },
    first_seen: '2026-11-01T00:00:00.000Z',
    verdict: null,
  });
  expect(await entities.find({ keys, type: 'ip' })).toBeUndefined();
  expect(await entities.find({ keys: [] })).toBeUndefined();
});

test('the entities of an incident come with how it names them', async () => {
  const named = await createEntities(pool).ofIncident('inc_1');
  expect(named.map(({ key }) => key)).toEqual(named.map(({ key }) => key).sort());
  expect(named.find(({ key }) => key === 'ip:45.155.205.20')).toMatchObject({ source: 'text', count: 1 });
  expect(await createEntities(pool).ofIncident('inc_2')).toHaveLength(1);
  expect(await createEntities(pool).ofIncident('inc_3')).toEqual([]);
});
