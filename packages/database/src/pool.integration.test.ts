import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase, until } from '@socmate/testing';
import { z } from 'zod';
import { databaseAway } from './database-fault.ts';
import { createPool, type Pool, type Queryable, rows, run, transaction } from './pool.ts';
import { createPrisma } from './prisma.ts';

let database: TestDatabase;
let pool: Pool;
let other: Pool;

const ADD_KEY = `INSERT INTO api_key (id, key_id, name, scopes, secret_hash, created_by, created_at)
  VALUES ('key_1', '1', 'one', '{}', 'hash', 'host', $1)`;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 1, name: 'test' });
  other = createPool(database.url, { size: 2, name: 'other' });
  await pool.query('CREATE TABLE note (text text PRIMARY KEY)');
});
afterAll(async () => {
  await Promise.all([pool.end(), other.end()]);
  await database.drop();
});

const add = (db: Queryable, text: string): Promise<number> =>
  run(db, { text: 'INSERT INTO note (text) VALUES ($1)', values: [text] });
const has = async (text: string): Promise<boolean> =>
  (await other.query('SELECT FROM note WHERE text = $1', [text])).rowCount === 1;

async function backendOf(db: Queryable): Promise<number> {
  return (await db.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
}

async function terminate(pid: number): Promise<void> {
  await other.query('SELECT pg_terminate_backend($1)', [pid]);
  await until('the backend is gone', async () => {
    const { rowCount } = await other.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid]);
    return rowCount === 0;
  });
}

test('what a transaction did is seen by others when it has ended, and not before', async () => {
  const answer = await transaction(pool, async (db) => {
    await add(db, 'whole');
    expect(await has('whole')).toBe(false);
    return 'done';
  });
  expect(answer).toBe('done');
  expect(await has('whole')).toBe(true);
});

test('a transaction whose work throws leaves nothing, throws that fault, and gives its connection back', async () => {
  const fault = new Error('changed my mind');
  const work = transaction(pool, async (db) => {
    await add(db, 'undone');
    throw fault;
  });
  await expect(work).rejects.toBe(fault);
  expect(await has('undone')).toBe(false);
  expect(await add(pool, 'the only connection works')).toBe(1);
});

test('a statement that failed fails the transaction, also where the work kept the fault to itself', async () => {
  const work = transaction(pool, async (db) => {
    await add(db, 'kept');
    await add(db, 'kept').catch(() => undefined);
  });
  await expect(work).rejects.toThrow('the transaction had failed and was rolled back');
  expect(await has('kept')).toBe(false);
});

test('a connection that breaks during a statement is not given back to the pool', async () => {
  const work = transaction(pool, async (db) => {
    const pid = await backendOf(db);
    const [, fault] = await Promise.all([
      terminate(pid),
      db.query('SELECT pg_sleep(30)').catch((e: Error) => e),
    ]);
    throw fault;
  });
  await expect(work).rejects.toThrow(/terminat/);
  expect(await add(pool, 'a new connection')).toBe(1);
});

test('a connection that breaks between two statements fails the transaction and not the process', async () => {
  let broken = 0;
  const work = transaction(pool, async (db) => {
    broken = await backendOf(db);
    await terminate(broken);
    await add(db, 'never');
  });
  await expect(work).rejects.toThrow(/terminat|connection/i);
  expect(await backendOf(pool)).not.toBe(broken);
  expect(await has('never')).toBe(false);
});

test('a connection that breaks while idle is told and replaced', async () => {
  const faults: string[] = [];
  const watched = createPool(database.url, {
    size: 1,
    name: 'watched',
    onFault: (f) => faults.push(f.message),
  });
  const pid = await backendOf(watched);
  await terminate(pid);
  await until('the fault is told', () => faults.length > 0);
  expect(await backendOf(watched)).not.toBe(pid);
  await watched.end();
});

test('a row that does not parse is a fault, and bigints are numbers', async () => {
  const Row = z.object({ n: z.int() });
  expect(await rows(pool, Row, { text: 'SELECT 7::bigint AS n' })).toEqual([{ n: 7 }]);
  await expect(rows(pool, Row, { text: `SELECT 'x' AS n` })).rejects.toThrow(z.ZodError);
});

test('a server that does not answer fails the statement and the transaction, and the pool goes on', async () => {
  const impatient = createPool(database.url, { size: 1, name: 'impatient', statementTimeoutMs: 100 });
  const unanswered = 'SELECT pg_sleep(30)';
  const statement = await impatient.query(unanswered).catch((fault: unknown) => fault);
  const whole = await transaction(impatient, (db) => db.query(unanswered)).catch((fault: unknown) => fault);
  expect([statement, whole].map((fault) => databaseAway(fault)?.code)).toEqual([
    'unavailable',
    'unavailable',
  ]);
  expect((await impatient.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await impatient.end();
});

test('a time is the same for Prisma and for a statement, on a server in whatever zone', async () => {
  await other.query(
    `ALTER DATABASE "${new URL(database.url).pathname.slice(1)}" SET timezone = 'Asia/Kathmandu'`,
  );
  const kathmandu = createPool(database.url, { size: 1, name: 'kathmandu' });
  const prisma = createPrisma(kathmandu);
  try {
    const at = new Date('2026-11-22T20:27:20.548Z');
    await kathmandu.query(ADD_KEY, [at]);
    expect((await prisma.apiKey.findFirst())?.createdAt).toEqual(at);
    await prisma.apiKey.updateMany({ data: { expiresAt: at } });
    expect((await other.query('SELECT expires_at FROM api_key')).rows).toEqual([{ expires_at: at }]);
  } finally {
    await prisma.$disconnect();
    await kathmandu.end();
  }
});
