import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startRedis, startService } from '@socmate/local';
import { Lifecycle } from '@socmate/runtime';
import { aProvider, cloneDatabase, requireEnv, until } from '@socmate/testing';
import pg from 'pg';
import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { cpuSeconds } from '../process-usage.ts';
import { startBenchNeo4j } from './bench-neo4j.ts';
import {
  entityKey,
  incidentsOf,
  seedEntity,
  seedIncident,
  seedMentions,
  seedRelations,
} from './graph-seed.ts';

const ENTITIES = 40_000;
const WARM_UP_INCIDENTS = 1_000;
const MENTIONS_PER_S = 5_000;
const ALIASES = 2;

const INSERT_ENTITIES = `INSERT INTO entity (key, type, value, strength, first_seen, last_seen)
  SELECT key, type, value, 'strong', now(), now() FROM jsonb_to_recordset($1::jsonb) AS e (key text, type text, value text)`;
const INSERT_ALIASES = `INSERT INTO entity_alias (alias, entity_id, is_strong)
  SELECT e.key || repeat('~', n), e.id, true FROM entity AS e, generate_series(0, ${ALIASES - 1}) AS n`;
const INSERT_INCIDENTS = `INSERT INTO incident (id, provider_id, sentinel_name, number, title, description, severity, status, labels,
    tactics, techniques, alerts_count, created_at, last_modified_at, raw)
  SELECT key, $2, key, number, title, '', 'medium', 'new', '{}', '{}', '{}', 0, now(), now(), '{}'
  FROM jsonb_to_recordset($1::jsonb) AS i (key text, number bigint, title text)`;
const INSERT_READINGS = `INSERT INTO incident_reading (incident_id, read_at, techniques)
  SELECT id, now(), '{T1078,T1059.001}' FROM incident ON CONFLICT (incident_id) DO UPDATE SET due_at = NULL`;
const INSERT_MENTIONS = `INSERT INTO incident_entity (incident_id, entity_id, source, confidence, first_seen, last_seen)
  SELECT incident, e.id, 'sentinel', 1, now(), now()
  FROM jsonb_to_recordset($1::jsonb) AS m (incident text, entity text) JOIN entity AS e ON e.key = m.entity`;
const INSERT_RELATIONS = `INSERT INTO relation (kind, from_id, to_id, source_ref, first_seen, last_seen)
  SELECT kind, f.id, t.id, incident, now(), now()
  FROM jsonb_to_recordset($1::jsonb) AS r (kind text, "from" text, "to" text, incident text)
  JOIN entity AS f ON f.key = r.from JOIN entity AS t ON t.key = r.to ON CONFLICT DO NOTHING`;
const TELL = `INSERT INTO graph_change (kind, ref) SELECT 'incident', id FROM incident
  WHERE number >= $1 AND number < $2 ORDER BY number`;

interface Named {
  readonly incident: string;
  readonly entity: string;
}

/** A relation in three mentions, each stated by an incident that names one end. */
function statedRelations(mentions: readonly Named[], entities: ReadonlyMap<string, number>) {
  return mentions
    .filter((_, index) => index % 3 === 0)
    .flatMap(({ incident, entity }) => {
      const [relation] = seedRelations(ENTITIES, entities.get(entity) ?? 0);
      return relation ? [{ incident, kind: relation.kind, from: entity, to: entityKey(relation.to) }] : [];
    });
}

/** Rows as readings leave them; answers how many mentions the incidents have that are measured. */
async function storeRows(pool: pg.Pool): Promise<number> {
  const { id: providerId } = await aProvider(pool, { enabled: false });
  const entities = Array.from({ length: ENTITIES }, (_, n) => seedEntity(n));
  const numbers = new Map(entities.map(({ key, n }) => [key, n]));
  await pool.query(INSERT_ENTITIES, [JSON.stringify(entities)]);
  await pool.query(INSERT_ALIASES);
  const incidents = Array.from({ length: incidentsOf(ENTITIES) }, (_, n) => seedIncident(n));
  await pool.query(INSERT_INCIDENTS, [JSON.stringify(incidents), providerId]);
  await pool.query(INSERT_READINGS);
  const mentions = incidents.flatMap(({ key, number }) =>
    seedMentions(ENTITIES, number).map(({ entity }) => ({
      incident: key,
      number,
      entity: entityKey(entity),
    })),
  );
  await pool.query(INSERT_MENTIONS, [JSON.stringify(mentions)]);
  await pool.query(INSERT_RELATIONS, [JSON.stringify(statedRelations(mentions, numbers))]);
  await pool.query('ANALYZE');
  return mentions.filter(({ number }) => number >= WARM_UP_INCIDENTS).length;
}

async function untilWritten(pool: pg.Pool): Promise<void> {
  await until(
    'the graph has everything',
    async () => {
      const { rows } = await pool.query('SELECT FROM graph_change LIMIT 1');
      return rows.length === 0;
    },
    { timeoutMs: 400_000, everyMs: 50 },
  );
}

async function startStores(life: Lifecycle, { say }: BenchOptions) {
  const records = requireEnv('TEST_PROCESS_RECORDS');
  const database = life.use('database', await cloneDatabase(), (one) => one.drop());
  const pool = life.use('pool', new pg.Pool({ connectionString: database.url, max: 2 }), (one) => one.end());
  const server = requireEnv('TEST_REDIS_SERVER');
  const dataFolder = join(requireEnv('TEST_RUN_FOLDER'), 'redis');
  const redis = life.use('redis', await startRedis({ server, dataFolder, records }), (part) => part.stop());
  const neo4j = await startBenchNeo4j('graph-ingest', { isKept: false, say });
  life.use('neo4j', neo4j, (part) => part.stop());
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    LOG_LEVEL: 'warn',
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    MASTER_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    NEO4J_URI: neo4j.uri,
    NEO4J_USER: neo4j.user,
    NEO4J_PASSWORD: neo4j.password,
  };
  return { pool, env, records, neo4jPid: neo4j.pid };
}

/** Null where the system does not tell. */
const perThousand = (cpuS: number | undefined, count: number): number | null =>
  cpuS === undefined || Number.isNaN(cpuS) ? null : Math.round((cpuS / count) * 1_000_000) / 1_000;

/** Rows that wait, the enrichment service as a process of its own, and a Neo4j that was empty. */
export function runIngest(options: BenchOptions): Promise<BenchResult> {
  return Lifecycle.start(async (life) => {
    const { pool, env, records, neo4jPid } = await startStores(life, options);
    const onLine = (line: string): void => void process.stderr.write(`${line}\n`);
    const service = await startService({ service: 'enrichment', env, records, onLine });
    life.use('enrichment', service, (part) => part.stop());
    options.say('storing rows');
    const mentions = await storeRows(pool);
    options.say('warming up');
    await pool.query(TELL, [0, WARM_UP_INCIDENTS]);
    await untilWritten(pool);
    options.say('writing the graph');
    const usage = () => [neo4jPid, service.pid].map((pid) => cpuSeconds(pid) ?? Number.NaN);
    const before = usage();
    const began = performance.now();
    await pool.query(TELL, [WARM_UP_INCIDENTS, ENTITIES]);
    await untilWritten(pool);
    const seconds = (performance.now() - began) / 1_000;
    const rate = Math.round(mentions / seconds);
    const [neo4jS, serviceS] = usage().map((after, index) => after - (before[index] ?? 0));
    await life.close();
    return {
      scenario: 'ingest',
      settings: { incidents: incidentsOf(ENTITIES) - WARM_UP_INCIDENTS, mentions, entities: ENTITIES },
      figures: {
        mentions_per_s: rate,
        whole_s: Math.round(seconds * 10) / 10,
        neo4j_cpu_s_per_1000: perThousand(neo4jS, mentions),
        enrichment_cpu_s_per_1000: perThousand(serviceS, mentions),
      },
      targets: [{ target: `mentions_per_s >= ${MENTIONS_PER_S}`, met: rate >= MENTIONS_PER_S }],
    };
  });
}
