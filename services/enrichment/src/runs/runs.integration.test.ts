import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Priority } from '@socmate/contracts';
import {
  createEnrichmentRuns,
  createEnrichments,
  createPool,
  createWorkerLeases,
  type EnrichmentOutcome,
  type Pool,
  startHeartbeat,
} from '@socmate/database';
import { createIds, createLogger, systemClock, type Timer } from '@socmate/runtime';
import { anEndpoint, anIncident, aProvider, cloneDatabase, type TestDatabase, until } from '@socmate/testing';
import { startDueRuns } from './due-runs.ts';
import type { EnrichIncident } from './enrich-incident.ts';
import { createMakeRun } from './make-run.ts';
import { createRunLanes } from './run-lanes.ts';

let database: TestDatabase;
let pool: Pool;
let provider: { id: string; name: string };
let incidentId: string;
let closing: (() => Promise<unknown>)[] = [];
let timers: Timer[] = [];
const ids = createIds();
const log = createLogger('test', 'silent');

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 8, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query(
    'TRUNCATE siem_provider, enrichment, entity, graph_change, webhook_endpoint, event CASCADE',
  );
  provider = await aProvider(pool, { is_default: true });
  ({ id: incidentId } = await anIncident(pool, {
    provider_id: provider.id,
    severity: 'high',
    alerted_severity: 'high',
  }));
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  closing = [];
  timers = [];
});

const outcome = (priority: Priority, more: Partial<EnrichmentOutcome> = {}): EnrichmentOutcome => ({
  result: {
    incident_number: 1,
    status: 'complete',
    risk: { score: 0, level: 'informational', lines: [] },
    entities: [],
    techniques: [],
    related_incidents: [],
    duration_ms: 1,
    providers: {},
  },
  priority,
  verdicts: [],
  otherKeys: [],
  lacksEntities: false,
  ...more,
});

interface Worker {
  readonly owner: string;
  readonly woken: string[];
  /** Stops beating, as a process that was killed does. */
  die(): Promise<void>;
}

async function startWorker(enrich: EnrichIncident): Promise<Worker> {
  const owner = ids.next('wrk');
  const runs = createEnrichmentRuns(pool);
  const heartbeat = await startHeartbeat(createWorkerLeases(pool, owner, 'enrichment'), log);
  const woken: string[] = [];
  const work = createMakeRun({
    pool,
    runs,
    enrich,
    making: { ids, clock: systemClock },
    owner,
    publicUrl: 'https://socmate.example',
    wakeNotifier: async (endpointIds) => void woken.push(...endpointIds),
    wakeGraph: () => Promise.resolve(),
    log,
  });
  const free = (id: string) => runs.release(owner, id);
  const lanes = createRunLanes({ heartbeat, work, free, concurrency: 4, graceMs: 100 });
  const timer = startDueRuns({ runs, lanes, log });
  timers.push(timer);
  closing.push(
    () => heartbeat.close(),
    () => lanes.close(),
    () => timer.close(),
  );
  const die = async (): Promise<void> => {
    await heartbeat.close();
    await timer.close();
  };
  return { owner, woken, die };
}

const enrichments = () => createEnrichments(pool);
const ask = (isForced = false) =>
  enrichments().request(incidentId, { runId: ids.next('enr'), isForced, elapsedMs: () => 0 });
const row = async () => (await pool.query('SELECT * FROM enrichment')).rows[0];
const ended = (version: number) =>
  until('the run has ended', async () => {
    for (const timer of timers) timer.poke();
    const now = await row();
    return now.status === 'idle' && now.version === version;
  });

test('a run that is asked for is made once, and its result kept with its version', async () => {
  let made = 0;
  const enrich: EnrichIncident = () => {
    made += 1;
    return Promise.resolve(outcome('high'));
  };
  await startWorker(enrich);
  await startWorker(enrich);
  const { id } = await ask();
  await ended(1);
  expect(await enrichments().latest(incidentId)).toMatchObject({ job_id: id, version: 1 });
  expect(made).toBe(1);
  expect((await pool.query('SELECT priority FROM incident')).rows).toEqual([{ priority: 'high' }]);
  expect((await pool.query('SELECT kind, ref FROM graph_change')).rows).toEqual([]);
  const { id: again } = await ask();
  await ended(2);
  expect(again).not.toBe(id);
});

test('the run of a worker that died is taken over, and what the dead one says later counts for nothing', async () => {
  const hangs = Promise.withResolvers<EnrichmentOutcome>();
  const first = await startWorker(() => hangs.promise);
  await ask();
  await until('it runs', async () => (await row()).lease_owner === first.owner);
  await first.die();
  await startWorker(() => Promise.resolve(outcome('medium')));
  await ended(1);
  hangs.resolve(outcome('low'));
  await until('the late one is over', async () => (await pool.query('SELECT 1')).rows.length === 1);
  expect((await pool.query('SELECT priority FROM incident')).rows).toEqual([{ priority: 'medium' }]);
  expect((await row()).version).toBe(1);
});

test('a run that fails is tried again later, and keeps why', async () => {
  let tries = 0;
  await startWorker(() => {
    tries += 1;
    return tries === 1 ? Promise.reject(new Error('broken')) : Promise.resolve(outcome('high'));
  });
  await ask();
  await until('it failed', async () => (await row()).error !== null);
  expect(await row()).toMatchObject({ status: 'queued', tries: 1, error: { code: 'internal' } });
  await pool.query('UPDATE enrichment SET due_at = now()');
  await ended(1);
  expect(await row()).toMatchObject({ error: null, tries: 0 });
});

test('a forced run follows one that is under way and is not', async () => {
  const first = Promise.withResolvers<EnrichmentOutcome>();
  const forced: boolean[] = [];
  await startWorker(({ claim }) => {
    forced.push(claim.isForced);
    return forced.length === 1 ? first.promise : Promise.resolve(outcome('high'));
  });
  await ask();
  await until('it runs', () => forced.length === 1);
  await ask(true);
  first.resolve(outcome('high'));
  await ended(2);
  expect(forced).toEqual([false, true]);
});

test('an incident without entities is done again after 1, 5 and 15 minutes, and then no more', async () => {
  const rechecks: boolean[] = [];
  await startWorker(({ claim }) => {
    rechecks.push(claim.isRecheck);
    return Promise.resolve(outcome('high', { lacksEntities: true }));
  });
  await ask();
  const waits: (number | null)[] = [];
  for (let version = 1; version <= 4; version += 1) {
    await ended(version);
    const { rows } = await pool.query(
      'SELECT round(extract(epoch FROM due_at - completed_at) / 60)::int AS minutes FROM enrichment',
    );
    waits.push(rows[0].minutes);
    if (rows[0].minutes !== null) await pool.query('UPDATE enrichment SET due_at = now()');
  }
  expect(waits).toEqual([1, 4, 10, null]);
  expect(rechecks).toEqual([false, true, true, true]);
});

test('verdicts of entities commit with the result, and "unknown" takes none back', async () => {
  const { rows } =
    await pool.query(`INSERT INTO entity (key, type, value, strength, first_seen, last_seen, verdict, risk)
    VALUES ('ip:45.155.205.20', 'ip', '45.155.205.20', 'strong', now(), now(), NULL, NULL),
      ('ip:45.155.205.21', 'ip', '45.155.205.21', 'strong', now(), now(), 'malicious', 90) RETURNING id, key`);
  const [bad, known] = rows.map(({ id, key }) => ({ id: Number(id), key }));
  await startWorker(() =>
    Promise.resolve(
      outcome('high', {
        verdicts: [
          { ...bad, verdict: 'malicious', risk: 95 },
          { ...known, verdict: 'unknown', risk: 0 },
        ] as EnrichmentOutcome['verdicts'],
      }),
    ),
  );
  await ask();
  await ended(1);
  const { rows: entities } = await pool.query('SELECT verdict, risk FROM entity ORDER BY key');
  expect(entities).toEqual([
    { verdict: 'malicious', risk: 95 },
    { verdict: 'malicious', risk: 90 },
  ]);
  const { rows: changes } = await pool.query(`SELECT ref FROM graph_change WHERE kind = 'entity'`);
  expect(changes).toEqual([{ ref: String(bad?.id) }]);
});

test('a rise to critical is one raised event, however often it falls and rises', async () => {
  const { id: raised } = await anEndpoint(pool, { alert_on: ['new', 'raised'] });
  const { id: onlyNew } = await anEndpoint(pool, { alert_on: ['new'] });
  const { id: severe } = await anEndpoint(pool, { severity_min: 'critical' });
  const priorities: Priority[] = ['critical', 'high', 'critical'];
  const worker = await startWorker(() => Promise.resolve(outcome(priorities.shift() ?? 'low')));
  for (let version = 1; version <= 3; version += 1) {
    await ask();
    await ended(version);
  }
  const { rows } = await pool.query(
    `SELECT e.cause_key, e.body, d.endpoint_id FROM event AS e JOIN delivery AS d ON d.event_id = e.id ORDER BY e.cause_key`,
  );
  expect(rows.map(({ endpoint_id }) => endpoint_id)).toEqual([severe, raised]);
  expect(onlyNew).not.toBe(raised);
  const { data } = JSON.parse(rows[1].body.toString());
  expect(data).toMatchObject({
    reason: 'raised',
    previous_severity: 'high',
    incident: { severity: 'high', priority: 'critical' },
  });
  expect(new Set(worker.woken)).toEqual(new Set([raised, severe]));
});

test('an incident that never alerted anybody, or is closed, rises in silence', async () => {
  await anEndpoint(pool, { alert_on: ['new', 'raised'] });
  await startWorker(() => Promise.resolve(outcome('critical')));
  await pool.query('UPDATE incident SET alerted_severity = NULL');
  await ask();
  await ended(1);
  await pool.query(`UPDATE incident SET alerted_severity = 'high', status = 'closed', priority = NULL`);
  await ask();
  await ended(2);
  expect((await pool.query('SELECT FROM event')).rows).toEqual([]);
});

test('what a provider held back is asked for again, six times at most', async () => {
  const limited = { vt: { asked: 1, cached: 0, failed: 0, limited: 1 } };
  const { result } = outcome('high');
  const partial = outcome('high', { result: { ...result, status: 'partial', providers: limited } });
  await startWorker(() => Promise.resolve(partial));
  await ask();
  const waitsMin: (number | null)[] = [];
  for (let version = 1; version <= 7; version += 1) {
    await ended(version);
    const { due_at: dueAt, completed_at: at } = await row();
    waitsMin.push(dueAt && Math.round((dueAt - at) / 60_000));
    await pool.query('UPDATE enrichment SET due_at = now() WHERE due_at IS NOT NULL');
  }
  expect(waitsMin).toEqual([1, 2, 4, 8, 16, 32, null]);
});

test('the verdict of an entity that went into another during the run is the other one’s', async () => {
  const { rows } = await pool.query(`INSERT INTO entity (key, type, value, strength, first_seen, last_seen)
    VALUES ('user:a@contoso.com', 'user', 'a@contoso.com', 'strong', now(), now()) RETURNING id`);
  await pool.query(
    `INSERT INTO entity_alias (alias, entity_id, is_strong) VALUES ('user:sid:s-1', $1, true)`,
    [rows[0].id],
  );
  const gone = {
    id: Number(rows[0].id) + 1_000,
    key: 'user:sid:s-1',
    verdict: 'malicious',
    risk: 90,
  } as const;
  await startWorker(() => Promise.resolve(outcome('high', { verdicts: [gone] })));
  await ask();
  await ended(1);
  expect((await pool.query('SELECT verdict FROM entity')).rows).toEqual([{ verdict: 'malicious' }]);
});
