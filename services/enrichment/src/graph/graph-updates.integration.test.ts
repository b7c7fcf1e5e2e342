import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createGraphChanges, createGraphSource } from '@socmate/database';
import { createGraph, ensureGraph, type Graph } from '@socmate/knowledge-graph';
import { createLogger } from '@socmate/runtime';
import { startTestNeo4j, type TestNeo4j, until } from '@socmate/testing';
import {
  anEntity,
  dumpGraph,
  emptyGraph,
  type GraphRowsFixture,
  openGraphRows,
  randomSightings,
} from './graph-fixture.ts';
import { createGraphUpdates } from './graph-updates.ts';
import { type Rebuilt, rebuildGraph } from './rebuild-graph.ts';

const log = createLogger('enrichment', 'silent');
const never = new AbortController().signal;
const INCIDENTS = 60;

let neo4j: TestNeo4j;
let graph: Graph;
let rows: GraphRowsFixture;
const graphs: Graph[] = [];

const connect = (): Graph => {
  const connected = createGraph(neo4j, { retryMs: 1_000 });
  graphs.push(connected);
  return connected;
};

beforeAll(async () => {
  neo4j = await startTestNeo4j();
  graph = connect();
}, 120_000);
afterAll(async () => {
  for (const one of graphs) await one.close();
  await neo4j.close();
});
beforeEach(async () => {
  rows = await openGraphRows();
  await emptyGraph(graph);
  await ensureGraph(graph);
});
afterEach(() => rows.close());

let owners = 0;
const updater = (through = graph) => {
  owners += 1;
  const changes = createGraphChanges(rows.pool);
  return createGraphUpdates({
    changes,
    source: createGraphSource(rows.pool),
    graph: through,
    owner: `wrk_${owners}`,
    log,
  });
};

const waiting = async (): Promise<number> => (await createGraphChanges(rows.pool).backlog()).count;

/** What the rows say, written once into an empty graph. */
async function undisturbed() {
  await emptyGraph(graph);
  const deps = { changes: createGraphChanges(rows.pool), source: createGraphSource(rows.pool), graph };
  await rebuildGraph(deps);
  return dumpGraph(graph);
}

async function storeAll(seed: number): Promise<string[]> {
  const ids = await rows.incidents(INCIDENTS);
  await rows.store(randomSightings(ids, seed));
  return ids;
}

const tellAll = (): Promise<unknown> =>
  rows.pool.query(`INSERT INTO graph_change (kind, ref) SELECT 'incident', id FROM incident
    UNION ALL SELECT 'entity', id::text FROM entity`);

test('changes are written once and acknowledged; replayed ones change nothing', async () => {
  await storeAll(1);
  await updater().drain(never);
  expect(await waiting()).toBe(0);
  const once = await dumpGraph(graph);
  expect(once.nodes.length).toBeGreaterThan(INCIDENTS * 2);
  await tellAll();
  await updater().drain(never);
  expect(await dumpGraph(graph)).toEqual(once);
  expect(await undisturbed()).toEqual(once);
});

test('two updaters beside a writer that joins entities give the graph of one', async () => {
  const ids = await rows.incidents(INCIDENTS);
  const sightings = randomSightings(ids, 2);
  const updaters = [updater(), updater(connect())];
  const stored = new AbortController();
  const storing = rows.store(sightings).finally(() => stored.abort());
  const updating = updaters.map(async (one) => {
    while (!stored.signal.aborted || (await waiting()) > 0) await one.drain(never);
  });
  await Promise.all([storing, ...updating]);
  const { rows: merged } = await rows.pool.query('SELECT count(*)::int AS count FROM entity_alias');
  expect(Number(merged[0].count)).toBeGreaterThan(0);
  const disturbed = await dumpGraph(graph);
  expect(await undisturbed()).toEqual(disturbed);
});

test('an entity that turned out to be another is gone, and its edges are the other one’s', async () => {
  const [first, second, third] = await rows.incidents(3);
  const [one] = randomSightings([String(first)], 3);
  if (!one) throw new Error('no sightings');
  const seenAs = (incidentId: string | undefined, ...aliases: string[]) => ({
    ...one,
    incidentId: String(incidentId),
    relations: [],
    entities: [anEntity(aliases)],
  });
  const names = ['user:anna@contoso.com', 'user:contoso\\anna'] as const;
  await rows.store([seenAs(first, names[0]), seenAs(second, names[1])]);
  await updater().drain(never);
  expect(await usersInGraph()).toEqual([...names].sort());
  await rows.store([seenAs(third, ...names)]);
  await updater().drain(never);
  expect(await usersInGraph()).toEqual([names[0]]);
  const disturbed = await dumpGraph(graph);
  expect(disturbed.edges.filter((edge) => (edge as { kind: string }).kind === 'INVOLVES')).toHaveLength(3);
  expect(await undisturbed()).toEqual(disturbed);
});

const usersInGraph = async (): Promise<unknown[]> =>
  (await graph.read('MATCH (u:User) RETURN u.key AS key ORDER BY key', {}, { timeoutMs: 5_000 })).map(
    ({ key }) => key,
  );

test('an incident that is no more is gone with its alert; what it named stays', async () => {
  const ids = await storeAll(4);
  await updater().drain(never);
  const [gone] = ids;
  await rows.pool.query('DELETE FROM incident_entity WHERE incident_id = $1', [gone]);
  await rows.pool.query('DELETE FROM relation WHERE source_ref = $1', [gone]);
  await rows.pool.query('DELETE FROM alert WHERE id = $1', [`alr_${gone}`]);
  await rows.pool.query('DELETE FROM incident WHERE id = $1', [gone]);
  await rows.pool.query(`INSERT INTO graph_change (kind, ref) VALUES ('incident', $1)`, [gone]);
  await updater().drain(never);
  const left = await graph.read(
    'MATCH (n {key: $key}) RETURN n.key AS key',
    { key: gone },
    { timeoutMs: 5_000 },
  );
  expect(left).toEqual([]);
});

test('a graph that is new, or lost its data, is filled from the rows', async () => {
  await storeAll(8);
  await updater().drain(never);
  const right = await dumpGraph(graph);
  await emptyGraph(graph);
  const one = updater();
  await one.drain(never);
  await one.drainWhole(never);
  expect(await dumpGraph(graph)).toEqual(right);
});

test('a graph that is emptied beside its updater is filled too', async () => {
  await storeAll(12);
  const one = updater();
  await one.drain(never);
  const right = await dumpGraph(graph);
  await emptyGraph(graph);
  await tellAll();
  const hasCaughtUp = async (): Promise<boolean> => {
    await Promise.all([one.drain(never), one.drainWhole(never)]);
    return (await waiting()) === 0;
  };
  await until('it is filled', hasCaughtUp, { timeoutMs: 20_000 });
  expect(await dumpGraph(graph)).toEqual(right);
});

test('one row stands for all that nobody read, and the graph is right after it', async () => {
  const ids = await rows.incidents(INCIDENTS);
  const sightings = randomSightings(ids, 9);
  await rows.store(sightings.slice(0, 20));
  await updater().drain(never);
  await rows.store(sightings.slice(20));
  const changes = createGraphChanges(rows.pool);
  while ((await changes.fold()) > 0);
  expect(await waiting()).toBe(1);
  expect(await changes.fold()).toBe(0);
  await updater().drainWhole(never);
  expect(await waiting()).toBe(0);
  const folded = await dumpGraph(graph);
  expect(await undisturbed()).toEqual(folded);
});

test('a whole that is stopped half-way is begun again, and one that fails waits', async () => {
  await storeAll(10);
  const [changes, source] = [createGraphChanges(rows.pool), createGraphSource(rows.pool)];
  await changes.tellAll();
  const drainWith = (entitiesAfter: typeof source.entitiesAfter, signal: AbortSignal) =>
    createGraphUpdates({
      changes,
      source: { ...source, entitiesAfter },
      graph,
      owner: 'wrk_b',
      log,
    }).drainWhole(signal);
  const leases = async () =>
    (await rows.pool.query('SELECT lease_owner, lease_until FROM graph_change')).rows;
  const stop = new AbortController();
  await drainWith((...after) => {
    stop.abort();
    return source.entitiesAfter(...after);
  }, stop.signal);
  expect(await leases()).toContainEqual({ lease_owner: null, lease_until: null });
  await updater().drain(never);
  await drainWith(() => Promise.reject(new Error('these rows cannot be read')), never);
  expect(await leases()).toEqual([{ lease_owner: null, lease_until: expect.any(Date) }]);
  await rows.pool.query('UPDATE graph_change SET lease_until = NULL');
  await updater().drainWhole(never);
  expect(await waiting()).toBe(0);
  const right = await dumpGraph(graph);
  expect(await undisturbed()).toEqual(right);
});

test('a rebuild that is stopped while it sweeps leaves the rest to the next one', async () => {
  await storeAll(11);
  await updater().drain(never);
  const right = await dumpGraph(graph);
  await graph.runAlone(`CREATE (:Entity:Ip {key: 'ip:stray', rev: 1})`);
  const deps = { changes: createGraphChanges(rows.pool), source: createGraphSource(rows.pool), graph };
  let written: Rebuilt | undefined;
  const stopped = rebuildGraph(deps, (done) => {
    if (done === written) throw new Error('stopped');
    written = done;
  });
  await expect(stopped).rejects.toThrow('stopped');
  expect(await dumpGraph(graph)).not.toEqual(right);
  await rebuildGraph(deps);
  expect(await dumpGraph(graph)).toEqual(right);
});

test('a rebuild beside updates takes away what no row speaks of, and nothing else', async () => {
  await storeAll(5);
  await updater().drain(never);
  const right = await dumpGraph(graph);
  await graph.runAlone(`MATCH (e:Entity) WITH e LIMIT 1 CREATE (e)-[:CONNECTED_TO {rev: 1}]->(:Entity:Ip {key: 'ip:stray', rev: 1})
    CREATE (:Incident {key: 'stray', rev: 1})-[:HAS_ALERT]->(:Alert {key: 'stray', rev: 1})`);
  await tellAll();
  const deps = { changes: createGraphChanges(rows.pool), source: createGraphSource(rows.pool), graph };
  await Promise.all([rebuildGraph(deps), updater(connect()).drain(never)]);
  expect(await dumpGraph(graph)).toEqual(right);
});

test('killed in the middle and started again, it ends with the graph of an undisturbed run', async () => {
  const ids = await rows.incidents(INCIDENTS);
  const sightings = randomSightings(ids, 6);
  await rows.store(sightings.slice(0, 20));
  const one = updater();
  await one.drain(never);
  await rows.store(sightings.slice(20, 40));
  const draining = one.drain(never);
  await neo4j.kill();
  await draining;
  await rows.store(sightings.slice(40));
  await one.drain(never);
  expect(await waiting()).toBeGreaterThan(0);
  await neo4j.start();
  const hasCaughtUp = async (): Promise<boolean> => {
    await one.drain(never);
    return (await waiting()) === 0;
  };
  await until('the graph has caught up', hasCaughtUp, { timeoutMs: 60_000 });
  const disturbed = await dumpGraph(graph);
  expect(await undisturbed()).toEqual(disturbed);
}, 120_000);

test('a Neo4j that hangs counts as one that is away, for as long as it does', async () => {
  const ask = (): Promise<unknown> => graph.read('RETURN 1 AS one', {}, { timeoutMs: 100 });
  await ask();
  neo4j.pause();
  await expect(ask()).rejects.toMatchObject({ code: 'unavailable', retryAfterS: expect.any(Number) });
  neo4j.resume();
  await until('it answers', () => ask().catch(() => undefined), { timeoutMs: 20_000 });
});

test('without Neo4j nothing is claimed, nothing is lost, and nothing throws', async () => {
  await storeAll(7);
  const before = await waiting();
  const away = createGraph({ uri: 'bolt://127.0.0.1:1', user: 'neo4j', password: 'x' }, { retryMs: 100 });
  const one = updater(away);
  for (let tries = 0; tries < 3; tries += 1) await one.drain(never);
  await away.close();
  expect(await waiting()).toBe(before);
  const { rows: claimed } = await rows.pool.query('SELECT FROM graph_change WHERE lease_owner IS NOT NULL');
  expect(claimed).toHaveLength(0);
});
