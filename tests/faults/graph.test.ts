import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { createApiKey } from '@socmate/crypto';
import { createPool, type Pool, storeReadings } from '@socmate/database';
import { createGraph, type Graph } from '@socmate/knowledge-graph';
import { startService } from '@socmate/local';
import { Lifecycle } from '@socmate/runtime';
import { anIncident, aProvider, cloneDatabase, startTestNeo4j, testQueue, until } from '@socmate/testing';
import { type Api, openApi } from '../system/api.ts';
import { openRunFolder } from '../system/open-run-folder.ts';
import { dumpGraph, storyOf } from './graph-stories.ts';

const AWAY_MS = process.env['FAULT_POINTS'] === 'full' ? 120_000 : 20_000;
const BEFORE = 150;
const AFTER = 50;
const EVERY_MS = 100;

const root = new URL('../..', import.meta.url).pathname;

/** Two enrichment processes and a gateway on stores of this test's own. */
async function startAll(life: Lifecycle) {
  const { records } = openRunFolder(life, 'graph');
  const database = life.use('database', await cloneDatabase(), (one) => one.drop());
  const pool = life.use('pool', createPool(database.url, { size: 4, name: 'test' }), (one) => one.end());
  const neo4j = life.use('neo4j', await startTestNeo4j(), (one) => one.close());
  const queue = testQueue();
  const { apiKey } = createApiKey();
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    REDIS_URL: queue.url,
    QUEUE_PREFIX: queue.prefix,
    MASTER_KEYS: `test:${randomBytes(32).toString('base64')}`,
    BOOTSTRAP_ADMIN_KEY: apiKey,
    BOOTSTRAP_RATE_LIMIT_PER_MINUTE: '1000000',
    NEO4J_URI: neo4j.uri,
    NEO4J_USER: neo4j.user,
    NEO4J_PASSWORD: neo4j.password,
    SHUTDOWN_GRACE_MS: '2000',
  };
  const start = async (service: 'gateway' | 'enrichment', name: string = service) =>
    life.use(name, await startService({ service, name, env, records }), (part) => part.stop());
  const [gateway] = await Promise.all([
    start('gateway'),
    start('enrichment'),
    start('enrichment', 'enrichment-2'),
  ]);
  const graph = life.use('graph', createGraph(neo4j), (one) => one.close());
  return { pool, neo4j, graph, env, api: openApi(gateway.url, apiKey) };
}

async function addStory(pool: Pool, providerId: string, n: number): Promise<void> {
  const id = `inc_${String(n).padStart(6, '0')}`;
  await anIncident(pool, { id, provider_id: providerId });
  await storeReadings(pool, [storyOf(id, n)]);
}

const waiting = async (pool: Pool): Promise<number> =>
  Number((await pool.query('SELECT count(*)::int AS count FROM graph_change')).rows[0].count);

const untilCaughtUp = (pool: Pool) =>
  until('the graph has caught up', async () => (await waiting(pool)) === 0, { timeoutMs: 120_000 });

async function expectAway(api: Api, number: number): Promise<void> {
  const answer = await api('GET', `/api/v1/graph/incident/${number}`);
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await api('GET', `/api/v1/incidents/${number}`)).status).toBe(200);
}

/** From the rows alone, by the command that people run. */
async function rebuilt(graph: Graph, env: NodeJS.ProcessEnv) {
  await graph.runAlone('MATCH (n) DETACH DELETE n');
  const command = ['--conditions=@socmate/source', 'services/enrichment/src/graph/rebuild-command.ts'];
  await promisify(execFile)(process.execPath, command, { cwd: root, env });
  return dumpGraph(graph);
}

test(
  'Neo4j that is killed in the middle loses nothing: the graph is that of an undisturbed run',
  async () => {
    const life = new Lifecycle();
    try {
      const { pool, neo4j, graph, env, api } = await startAll(life);
      const { id } = await aProvider(pool, { is_default: true, enabled: false });
      for (let n = 0; n < BEFORE; n += 1) await addStory(pool, id, n);
      const { rows } = await pool.query('SELECT number FROM incident ORDER BY number LIMIT 1');
      const number = Number(rows[0].number);
      await neo4j.kill();
      await expectAway(api, number);
      let stories = BEFORE;
      for (const end = performance.now() + AWAY_MS; performance.now() < end; await delay(EVERY_MS)) {
        await addStory(pool, id, stories);
        stories += 1;
      }
      await expectAway(api, number);
      expect(await waiting(pool)).toBeGreaterThan(0);
      await neo4j.start();
      for (let n = 0; n < AFTER; n += 1) await addStory(pool, id, stories + n);
      await untilCaughtUp(pool);
      await until('the graph answers again', async () => {
        return (await api('GET', `/api/v1/graph/incident/${number}`)).status === 200;
      });
      const disturbed = await dumpGraph(graph);
      expect(disturbed.nodes.length).toBeGreaterThan(stories + AFTER);
      const undisturbed = await rebuilt(graph, env);
      expect(undisturbed).toEqual(disturbed);
    } finally {
      await life.close();
    }
  },
  AWAY_MS + 300_000,
);
