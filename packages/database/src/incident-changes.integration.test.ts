import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { anIncident, aProvider, cloneDatabase, type TestDatabase, until } from '@socmate/testing';
import pg from 'pg';
import { type ChangePosition, changesStatement } from './incident-changes.ts';
import { createIncidents, type Incidents } from './incidents.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
let incidents: Incidents;
let provider: { id: string; name: string };

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
  incidents = createIncidents(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider CASCADE');
  provider = await aProvider(pool, { name: 'prod', is_default: true });
});

interface Seen {
  readonly seq: number;
  readonly id: string;
  readonly notes: string | null;
}

/** Reads on from a position, in pages, until there is no more for now. */
async function readOn(from: ChangePosition | null, limit = 3) {
  const seen: Seen[] = [];
  let position = from;
  for (;;) {
    const { incidents: page, next, hasMore } = await incidents.changes({ after: position, limit });
    seen.push(...page.map(({ change_seq: seq, id, notes }) => ({ seq, id, notes })));
    position = next;
    if (!hasMore) return { seen, position };
  }
}

/** The horizon waits for every transaction on the server, those of other tests included. */
const readUntil = async (from: ChangePosition | null, count: number): Promise<Seen[]> => {
  const seen: Seen[] = [];
  let position = from;
  await until(`${count} changes can be read`, async () => {
    const read = await readOn(position);
    seen.push(...read.seen);
    position = read.position;
    return seen.length >= count ? seen : undefined;
  });
  return seen;
};

/** Numbers from 0 up to, not including, 1: the same of the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const WRITERS = 5;
const INCIDENTS_EACH = 5;
const STEPS = 200;
const CHANGE = 'UPDATE incident SET notes = $2, change_seq = pg_current_xact_id() WHERE id = $1';

/** Writers that each hold one transaction open, and end them in an order that has nothing to do with their beginning. */
async function writeAtRandom(writers: readonly pg.Client[], seed: number, poll: () => Promise<void>) {
  const random = seeded(seed);
  const last = new Map<string, string>();
  const held = new Map<pg.Client, Map<string, string>>();
  const end = async (writer: pg.Client, how: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
    await writer.query(how);
    if (how === 'COMMIT') for (const [id, notes] of held.get(writer) ?? []) last.set(id, notes);
    held.delete(writer);
  };
  for (let step = 0; step < STEPS; step += 1) {
    const position = Math.floor(random() * writers.length);
    const writer = writers[position]!;
    const draw = random();
    if (draw < 0.35 && held.has(writer)) await end(writer, draw < 0.05 ? 'ROLLBACK' : 'COMMIT');
    else if (draw < 0.85) {
      const mine = held.get(writer) ?? new Map<string, string>();
      if (mine.size === 0) await writer.query('BEGIN');
      // Each writer has incidents of its own, so that none waits for another.
      const id = `inc_${position}_${Math.floor(random() * INCIDENTS_EACH)}`;
      const notes = `${seed}-${step}`;
      await writer.query(CHANGE, [id, notes]);
      held.set(writer, mine.set(id, notes));
    } else await poll();
  }
  for (const writer of [...held.keys()].toSorted(() => random() - 0.5)) {
    await end(writer, 'COMMIT');
    await poll();
  }
  return last;
}

test.each([1, 2, 3, 4, 5])(
  'whatever order transactions end in, a reader misses no change, sees each once and never goes back (seed %i)',
  async (seed) => {
    const writers = Array.from({ length: WRITERS }, () => new pg.Client({ connectionString: database.url }));
    try {
      await Promise.all(writers.map((writer) => writer.connect()));
      for (let index = 0; index < WRITERS * INCIDENTS_EACH; index += 1) {
        const id = `inc_${Math.floor(index / INCIDENTS_EACH)}_${index % INCIDENTS_EACH}`;
        await anIncident(pool, { provider_id: provider.id, id });
      }
      const seen: Seen[] = [];
      let position: ChangePosition | null = null;
      const poll = async (): Promise<void> => {
        const read = await readOn(position, 4);
        seen.push(...read.seen);
        position = read.position;
      };
      const last = await writeAtRandom(writers, seed, poll);
      await until('the reader has seen the last state of all', async () => {
        await poll();
        const latest = new Map(seen.map(({ id, notes }) => [id, notes]));
        return [...last].every(([id, notes]) => latest.get(id) === notes);
      });
      const keys = seen.map(({ seq, id }) => `${String(seq).padStart(12, '0')}/${id}`);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys).toEqual(keys.toSorted());
    } finally {
      await Promise.all(writers.map((writer) => writer.end()));
    }
  },
);

test('what a transaction that is still open changed is not passed by, though later ones have committed', async () => {
  const slow = await pool.connect();
  const { id: early } = await anIncident(pool, { provider_id: provider.id });
  await readUntil(null, 1);
  const { position } = await readOn(null);
  try {
    await slow.query('BEGIN');
    await slow.query(CHANGE, [early, 'slow']);
    const { id: late } = await anIncident(pool, { provider_id: provider.id });
    const before = await readOn(position);
    expect(before.seen).toEqual([]);
    await slow.query('COMMIT');
    const seen = await readUntil(before.position, 2);
    expect(seen.map(({ id }) => id)).toEqual([early, late]);
  } finally {
    slow.release();
  }
});

test('an incident that changed twice comes once, as it is now, and without a change not again', async () => {
  const { id } = await anIncident(pool, { provider_id: provider.id });
  await pool.query(CHANGE, [id, 'first']);
  await pool.query(CHANGE, [id, 'second']);
  const seen = await readUntil(null, 1);
  expect(seen).toEqual([expect.objectContaining({ id, notes: 'second' })]);
  const { position } = await readOn(null);
  expect((await readOn(position)).seen).toEqual([]);
});

test('from now on means: nothing that has been, everything that comes', async () => {
  const { id } = await anIncident(pool, { provider_id: provider.id });
  await readUntil(null, 1);
  const now = await incidents.changesFromNow();
  expect((await readOn(now)).seen).toEqual([]);
  await pool.query(CHANGE, [id, 'later']);
  expect(await readUntil(now, 1)).toEqual([expect.objectContaining({ id, notes: 'later' })]);
});

test('a view of one workspace holds its changes alone, and the position goes past the others', async () => {
  const other = await aProvider(pool);
  for (let index = 0; index < 5; index += 1) await anIncident(pool, { provider_id: provider.id });
  const { id } = await anIncident(pool, { provider_id: other.id });
  await readUntil(null, 6);
  const page = await incidents.changes({ providerIds: [other.id], after: null, limit: 2 });
  expect(page).toMatchObject({ hasMore: false, isForeign: false });
  expect(page.incidents.map((incident) => incident.id)).toEqual([id]);
  expect((await incidents.changes({ after: page.next, limit: 2 })).incidents).toEqual([]);
  expect((await incidents.changes({ providerIds: [], after: null, limit: 2 })).incidents).toEqual([]);
});

test('a position that this database has not come to is told apart', async () => {
  const { isForeign } = await incidents.changes({ after: { seq: '9000000000', id: '' }, limit: 2 });
  expect(isForeign).toBe(true);
});

test('a page reads its own index as far as it goes, and no table whole', async () => {
  await pool.query(
    `INSERT INTO incident (id, provider_id, sentinel_name, number, title, description, severity, status,
       labels, tactics, techniques, alerts_count, created_at, last_modified_at, raw)
     SELECT 'inc_' || n, $1, 'name-' || n, n, 'Spray', '', 'medium', 'new', '{}', '{}', '{}', 0, now(), now(), '{}'
     FROM generate_series(1, 20000) AS n`,
    [provider.id],
  );
  await pool.query('ANALYZE incident');
  const { text, values } = changesStatement({ after: { seq: '5', id: '' }, limit: 100 });
  const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('Index Only Scan using incident_change_idx');
  expect(plan).not.toContain('Seq Scan on incident');
});
