import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '@socmate/testing';
import type { IncidentSightings } from './entity-groups.ts';
import { storeReadings } from './entity-store.ts';
import { anEntity, clearEntities, dumpEntities, randomReadings, shuffled } from './entity-store-fixture.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
let otherPool: Pool;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
  otherPool = createPool(database.url, { size: 4, name: 'other' });
});
afterAll(async () => {
  await pool.end();
  await otherPool.end();
  await database.drop();
});
beforeEach(() => clearEntities(pool));

const day = (number: number): Date => new Date(Date.UTC(2026, 0, number));

const reading = (
  incidentId: string,
  entities: IncidentSightings['entities'],
  only: Partial<IncidentSightings> = {},
): IncidentSightings => ({
  incidentId,
  firstSeen: day(1),
  lastSeen: day(2),
  entities,
  relations: [],
  ...only,
});

const keys = async (): Promise<string[]> =>
  (await pool.query<{ key: string }>('SELECT key FROM entity ORDER BY key COLLATE "C"')).rows.map(
    (row) => row.key,
  );
const changes = async () =>
  (await pool.query('SELECT kind, ref, into_id FROM graph_change ORDER BY id')).rows;

async function storeInTurn(batches: readonly (readonly IncidentSightings[])[]): Promise<unknown> {
  await clearEntities(pool);
  for (const batch of batches) await storeReadings(pool, batch);
  return dumpEntities(pool);
}

const inBatches = (items: readonly IncidentSightings[], size: number): IncidentSightings[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'the same readings give the same tables in any order, in batches of any size, and repeated (seed %i)',
  async (seed) => {
    const readings = randomReadings(seed, 14);
    const expected = await storeInTurn(inBatches(readings, 1));
    expect(await storeInTurn(inBatches(shuffled(readings, seed), 1))).toEqual(expected);
    expect(await storeInTurn([readings])).toEqual(expected);
    expect(await storeInTurn(inBatches(shuffled(readings, seed + 1), 5))).toEqual(expected);
    const again = [...shuffled(readings, seed + 2), ...shuffled(readings, seed + 3)];
    expect(await storeInTurn(inBatches(again, 1))).toEqual(expected);
  },
);

test.each([11, 12, 13, 14, 15, 16])(
  'two that store the same readings at once give the same tables, and neither fails (seed %i)',
  async (seed) => {
    const readings = randomReadings(seed, 24);
    const expected = await storeInTurn(inBatches(readings, 4));
    await clearEntities(pool);
    const storeAll = async (db: Pool, order: number) => {
      for (const batch of inBatches(shuffled(readings, order), 3)) await storeReadings(db, batch);
    };
    await Promise.all([storeAll(pool, seed), storeAll(otherPool, seed + 1), storeAll(pool, seed + 2)]);
    expect(await dumpEntities(pool)).toEqual(expected);
  },
);

test('a shared strong name makes two stored entities one: sightings, names and relations follow, and the graph is told', async () => {
  const upn = anEntity(['user:ann@contoso.com']);
  const id = anEntity(['user:entra:1', 'user:ann@prv_1'], { attributes: { title: 'CFO' } });
  const ip = anEntity(['ip:45.155.205.20']);
  const relations = [{ from: id.key, to: ip.key, kind: 'SIGNED_IN_FROM' as const }];
  await storeReadings(pool, [reading('inc_1', [upn]), reading('inc_2', [id, ip], { relations })]);
  expect(await keys()).toEqual(['ip:45.155.205.20', 'user:ann@contoso.com', 'user:entra:1']);
  await pool.query(`UPDATE entity SET verdict = 'suspicious', risk = 10 WHERE key = 'user:entra:1'`);
  await pool.query('TRUNCATE graph_change');

  await storeReadings(pool, [reading('inc_3', [anEntity(['user:ann@contoso.com', 'user:entra:1'])])]);
  expect(await keys()).toEqual(['ip:45.155.205.20', 'user:ann@contoso.com']);
  const [entities, sightings, related] = await dumpEntities(pool);
  expect(entities?.[1]).toMatchObject({
    attributes: { title: 'CFO' },
    verdict: 'suspicious',
    risk: 10,
    aliases: ['user:ann@contoso.com true', 'user:ann@prv_1 false', 'user:entra:1 true'],
  });
  expect(sightings).toHaveLength(4);
  expect(related).toMatchObject([{ from_key: 'user:ann@contoso.com', to_key: 'ip:45.155.205.20' }]);
  const merged = (await changes()).find(({ kind }) => kind === 'merged');
  expect(merged).toMatchObject({ ref: 'user:entra:1' });
  const survivor = await pool.query('SELECT key FROM entity WHERE id = $1', [merged.into_id]);
  expect(survivor.rows).toEqual([{ key: 'user:ann@contoso.com' }]);
});

test('a better name becomes the key of the row that is there, and the graph is told of the old one', async () => {
  await storeReadings(pool, [reading('inc_1', [anEntity(['user:entra:1'], { value: '1' })])]);
  await pool.query('TRUNCATE graph_change');
  const named = anEntity(['user:ann@contoso.com', 'user:entra:1']);
  await storeReadings(pool, [reading('inc_2', [named])]);
  expect(await keys()).toEqual(['user:ann@contoso.com']);
  expect((await changes()).map(({ kind, ref }) => [kind, ref])).toContainEqual(['merged', 'user:entra:1']);
});

test('a weak name joins nothing: not across workspaces, and not to a strong entity that goes by it as well', async () => {
  const weak = anEntity(['host:ws01@prv_1']);
  const other = anEntity(['host:ws01@prv_2']);
  const strong = anEntity(['host:ws01.contoso.com', 'host:ws01@prv_1']);
  const another = anEntity(['host:ws01.fabrikam.com', 'host:ws01@prv_1']);
  await storeReadings(pool, [reading('inc_1', [weak, strong]), reading('inc_2', [other, another])]);
  await storeReadings(pool, [reading('inc_3', [weak]), reading('inc_4', [another])]);
  expect(await keys()).toEqual([
    'host:ws01.contoso.com',
    'host:ws01.fabrikam.com',
    'host:ws01@prv_1',
    'host:ws01@prv_2',
  ]);
});

test('of two values of an attribute the one seen later counts, whichever came first', async () => {
  const risk = (level: string) => anEntity(['host:ws01.contoso.com'], { attributes: { risk: level } });
  await storeReadings(pool, [reading('inc_2', [risk('low')], { lastSeen: day(9) })]);
  await storeReadings(pool, [reading('inc_1', [risk('high')], { lastSeen: day(3) })]);
  const [[stored] = []] = await dumpEntities(pool);
  expect(stored).toMatchObject({ attributes: { risk: 'low' }, first_seen: day(1), last_seen: day(9) });
});

test('nothing is removed because a later reading names less', async () => {
  const both = [anEntity(['ip:45.155.205.20']), anEntity(['ip:45.155.205.21'])];
  await storeReadings(pool, [reading('inc_1', both)]);
  await storeReadings(pool, [reading('inc_1', both.slice(1), { lastSeen: day(5) })]);
  await storeReadings(pool, [reading('inc_1', [])]);
  const [, sightings] = await dumpEntities(pool);
  expect(sightings).toMatchObject([
    { key: 'ip:45.155.205.20', last_seen: day(2) },
    { key: 'ip:45.155.205.21', last_seen: day(5) },
  ]);
});

test('what the caller settles and what is stored commit together or not at all', async () => {
  const one = [reading('inc_1', [anEntity(['ip:45.155.205.20'])])];
  const settle = () => Promise.reject(new Error('the row was lost'));
  await expect(storeReadings(pool, one, settle)).rejects.toThrow('the row was lost');
  expect(await keys()).toEqual([]);
  expect(await changes()).toEqual([]);
});

test('a reading that changes nothing tells the graph of the incident alone', async () => {
  const one = [
    reading('inc_1', [anEntity(['ip:45.155.205.20'], { attributes: { asn: { number: 1, name: 'x' } } })]),
  ];
  await storeReadings(pool, one);
  await pool.query('TRUNCATE graph_change');
  await storeReadings(pool, one);
  expect(await changes()).toEqual([{ kind: 'incident', ref: 'inc_1', into_id: null }]);
});
