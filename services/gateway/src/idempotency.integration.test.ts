import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { type Call, type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const path = '/api/admin/api-keys';

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

const create = (idempotencyKey: string, name: string, more: Call = {}) =>
  gateway.ask('POST', path, {
    body: { name, scopes: ['search:read'] },
    headers: { 'idempotency-key': idempotencyKey },
    ...more,
  });

async function keysNamed(name: string): Promise<number> {
  const { rows } = await pool.query('SELECT count(*) AS made FROM api_key WHERE name = $1', [name]);
  return rows[0].made;
}

test('the same key and body gives the first answer again, secret and all, and makes nothing', async () => {
  const first = await create('k-same', 'same');
  const again = await create('k-same', 'same');
  expect([again.status, again.json]).toEqual([201, first.json]);
  expect([first, again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
  expect(await keysNamed('same')).toBe(1);
});

test('the kept answer is sealed: no row of the table shows the secret', async () => {
  const { json } = await create('k-sealed', 'sealed');
  const { rows } = await pool.query('SELECT * FROM idempotency_key WHERE key = $1', ['k-sealed']);
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(json.api_key);
  expect(rows[0].response_sealed).toMatch(/^v1\.test\./);
});

test('another body under the same key is 409', async () => {
  await create('k-other', 'first');
  const { status, json } = await create('k-other', 'second');
  expect([status, json.code]).toEqual([409, 'conflict']);
  expect(await keysNamed('second')).toBe(0);
});

test('of twenty at once one makes, and each other waits its turn or gets the same answer', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => create('k-race', 'race')));
  expect(await keysNamed('race')).toBe(1);
  const made = answers.filter(({ status }) => status === 201);
  const waiting = answers.filter(({ status }) => status === 409);
  expect(made.length + waiting.length).toBe(20);
  expect(new Set(made.map(({ json }) => json.id)).size).toBe(1);
  for (const { json, headers } of waiting)
    expect([json.detail, headers.get('retry-after')]).toEqual([
      expect.stringContaining('still running'),
      '2',
    ]);
  expect((await create('k-race', 'race')).json).toEqual(made[0]!.json);
});

test('a call that was refused leaves its key free', async () => {
  const refused = await gateway.ask('POST', path, {
    body: { name: 1 },
    headers: { 'idempotency-key': 'k-free' },
  });
  expect(refused.status).toBe(422);
  expect((await create('k-free', 'free')).status).toBe(201);
});

test('a call that was cut off blocks its key for two minutes and no longer', async () => {
  const insert = `INSERT INTO idempotency_key (principal, key, request_hash, created_at, expires_at)
    SELECT id, $1, 'x', now() - $2::interval, now() + interval '1 day' FROM api_key WHERE is_bootstrap`;
  await pool.query(insert, ['k-cut', '3 minutes']);
  await pool.query(insert, ['k-young', '1 minute']);
  expect((await create('k-cut', 'cut')).status).toBe(201);
  expect((await create('k-young', 'young')).status).toBe(409);
});

test('a key of yesterday is free again', async () => {
  await create('k-old', 'old-one');
  await pool.query(`UPDATE idempotency_key SET expires_at = now() WHERE key = 'k-old'`);
  expect((await create('k-old', 'old-two')).status).toBe(201);
});

test('keys of one principal are not those of another', async () => {
  const { apiKey } = await gateway.keyWith(['admin']);
  const mine = await create('k-mine', 'mine');
  const theirs = await create('k-mine', 'mine', { key: apiKey });
  expect([mine.status, theirs.status]).toEqual([201, 201]);
  expect(mine.json.id).not.toBe(theirs.json.id);
});

test.each(['', 'a'.repeat(256), 'with space'])('the key %p is refused', async (key) => {
  const { status, json } = await create(key, 'bad');
  expect([status, json.detail[0].loc]).toEqual([422, ['header', 'Idempotency-Key']]);
});
