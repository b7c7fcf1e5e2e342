import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEntities, createIncidentReadings, createPool, type Pool } from '@socmate/database';
import { createLogger } from '@socmate/runtime';
import { anIncident, aProvider, cloneDatabase, type TestDatabase, until } from '@socmate/testing';
import { type IncidentReader, type IncidentReaderDeps, startIncidentReader } from './incident-reader.ts';

let database: TestDatabase;
let pool: Pool;
let providerId: string;
let readers: IncidentReader[] = [];
let lines: Record<string, unknown>[] = [];
const log = createLogger('test', 'debug', { write: (line) => lines.push(JSON.parse(line)) });

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 8, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  lines = [];
  await pool.query('TRUNCATE siem_provider CASCADE');
  await pool.query('TRUNCATE entity, incident_reading, graph_change CASCADE');
  ({ id: providerId } = await aProvider(pool));
});
afterEach(async () => {
  await Promise.all(readers.map((reader) => reader.close()));
  readers = [];
});

function start(only: Partial<IncidentReaderDeps['readings']> = {}): IncidentReader {
  const reader = startIncidentReader({ readings: { ...createIncidentReadings(pool), ...only }, log });
  readers.push(reader);
  return reader;
}

async function aDue(only: Record<string, unknown> = {}): Promise<string> {
  const { id } = await anIncident(pool, { provider_id: providerId, ...only });
  await pool.query('INSERT INTO incident_reading (incident_id, due_at) VALUES ($1, now())', [id]);
  return id;
}

const keysOf = async (id: string) => (await createEntities(pool).ofIncident(id)).map(({ key }) => key);
const allRead = () =>
  until('everything is read', async () => {
    const { rows } = await pool.query('SELECT FROM incident_reading WHERE due_at IS NOT NULL');
    return rows.length === 0;
  });
const failedAndRead = (bad: string, good: string) =>
  until('one failed and the other is read', async () => {
    const failed = lines.some(({ incidentId, level }) => incidentId === bad && level === 'error');
    return failed && (await keysOf(good)).length > 0;
  });
const isPutOff = async (id: string) => {
  const { rows } = await pool.query(
    'SELECT FROM incident_reading WHERE incident_id = $1 AND due_at > now()',
    [id],
  );
  return rows.length === 1;
};

test('incidents that are due are read, with their alerts, and the graph is told of each once', async () => {
  const entities = [{ kind: 'Ip', name: 'a', properties: { address: '45.155.205.21' } }];
  const id = await aDue({ description: 'from 45.155.205[.]20', entities: JSON.stringify(entities) });
  await pool.query(
    `INSERT INTO alert (id, provider_id, system_alert_id, raw)
     VALUES ('alr_1', $1, 'x', '{"properties": {"description": "T1566 by 45.155.205.22"}}')`,
    [providerId],
  );
  await pool.query(`INSERT INTO incident_alert VALUES ($1, 'alr_1')`, [id]);
  start();
  await allRead();
  expect(await keysOf(id)).toEqual(['ip:45.155.205.20', 'ip:45.155.205.21', 'ip:45.155.205.22']);
  const { rows } = await pool.query('SELECT techniques, read_at FROM incident_reading');
  expect(rows).toEqual([{ techniques: ['T1566'], read_at: expect.any(Date) }]);
  expect((await pool.query('SELECT kind, ref FROM graph_change')).rows).toEqual([
    { kind: 'incident', ref: id },
  ]);
});

test('two replicas share what is due, and each incident is read once', async () => {
  const texts = Array.from({ length: 40 }, (_, at) => `from 45.155.205.${at}`);
  for (const description of texts) await aDue({ description });
  start();
  start();
  await allRead();
  expect((await pool.query('SELECT count(*) AS total FROM entity')).rows).toEqual([{ total: 40 }]);
  expect((await pool.query('SELECT DISTINCT version FROM incident_reading')).rows).toEqual([{ version: 1 }]);
});

test('data that the database refuses stops its own incident alone, which is tried again later', async () => {
  await pool.query(`ALTER TABLE entity ADD CONSTRAINT refused CHECK (key <> 'ip:45.155.205.66')`);
  const bad = await aDue({ description: 'from 45.155.205.66' });
  const good = await aDue({ description: 'from 45.155.205.20' });
  start();
  await failedAndRead(bad, good);
  await pool.query('ALTER TABLE entity DROP CONSTRAINT refused');
  expect([await keysOf(good), await keysOf(bad)]).toEqual([['ip:45.155.205.20'], []]);
  expect(lines).toContainEqual(
    expect.objectContaining({ incidentId: bad, msg: 'entities of an incident could not be read' }),
  );
  expect(await isPutOff(bad)).toBe(true);
});

test('an incident that cannot be read at all stops no other', async () => {
  const real = createIncidentReadings(pool);
  const bad = await aDue({ description: 'from 45.155.205.66' });
  const good = await aDue({ description: 'from 45.155.205.20' });
  const load: typeof real.load = async (claims) => {
    const incidents = await real.load(claims);
    return incidents.map((each) => (each.incidentId === bad ? { ...each, alerts: null as never } : each));
  };
  start({ load });
  await failedAndRead(bad, good);
  expect([await keysOf(good), await keysOf(bad)]).toEqual([['ip:45.155.205.20'], []]);
});

test('while Postgres does not answer, what was claimed is put back and read afterwards', async () => {
  const id = await aDue({ description: 'from 45.155.205.20' });
  const real = createIncidentReadings(pool);
  let failures = 0;
  const store: typeof real.store = (read) => {
    failures += 1;
    if (failures > 1) return real.store(read);
    return Promise.reject(Object.assign(new Error('server closed'), { code: '57P01' }));
  };
  start({ store });
  await until('it was read', async () => (await keysOf(id)).length > 0);
  expect(failures).toBe(2);
});

test('an incident is read at once for who needs it, and one that another reads is waited for', async () => {
  const reader = start({ claim: () => Promise.resolve([]) });
  const id = await aDue({ description: 'from 45.155.205.20' });
  await reader.readNow(id, AbortSignal.timeout(5_000));
  expect(await keysOf(id)).toEqual(['ip:45.155.205.20']);
  const other = await aDue({ description: 'from 45.155.205.21' });
  const real = createIncidentReadings(pool);
  const claims = await real.claimOne(other);
  const waiting = reader.readNow(other, AbortSignal.timeout(5_000));
  const [loaded] = await real.load(claims);
  await real.store([
    { ...loaded!, claim: claims[0]!, entities: [], relations: [], techniques: [], unread: [] },
  ]);
  await waiting;
  expect(await real.isDue(other)).toBe(false);
  await reader.readNow('inc_of_nobody', AbortSignal.timeout(5_000));
});
