import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Receiver, startReceiver, until } from '@socmate/testing';
import type { AzureIncident } from '../system/azure.ts';
import { seededRandom } from '../system/seeded-random.ts';
import type { SimulatedWorkspace } from '../system/simulated-tenant.ts';
import { type System, startSystem } from '../system/start-system.ts';
import { createAlertModel } from './alert-model.ts';
import { pick, quietStep, randomFaults, randomStep, type World } from './random-steps.ts';

const HISTORIES = process.env['FAULT_POINTS'] === 'full' ? 20 : 2;
const SEED = Number(process.env['FAULT_SEED'] ?? 4_711);
/** Settled states of each history; between two, up to sixteen random steps, faults and perhaps a death. */
const ROUNDS = 6;

let system: System;
let everything: Receiver;
let high: Receiver;

beforeAll(async () => {
  [everything, high] = await Promise.all([startReceiver(), startReceiver()]);
  const env = { SYNC_INTERVAL: '3600', WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2,0.2' };
  system = await startSystem(env, ['--read-quota=false']);
  const endpoints = [
    { name: 'everything', url: everything.url, alert_on: ['new', 'raised'], severity_min: null },
    { name: 'high', url: high.url, alert_on: ['new'], severity_min: 'high' },
  ];
  for (const endpoint of endpoints) {
    const given = { ...endpoint, event_types: ['incident-alert'] };
    expect((await system.api('POST', '/api/v1/webhooks/endpoints', given)).status).toBe(201);
  }
}, 60_000);
afterAll(async () => {
  await system?.close();
  await Promise.all([everything, high].map((receiver) => receiver?.close()));
}, 60_000);

interface Local {
  readonly notes: string;
  readonly tags: readonly string[];
}

interface History {
  readonly workspace: SimulatedWorkspace;
  readonly providerId: string;
  readonly world: World;
  readonly local: Map<number, Local>;
  /** As Azure last had them. */
  readonly known: Map<number, AzureIncident>;
}

const incidentPath = ({ workspace }: History, number: number): string =>
  `/api/v1/incidents/${number}?provider=${workspace.name}`;

const ASK_EVERY_MS = 10_000;
const ASK_AGAIN =
  'UPDATE incident SET details_due_at = now() WHERE provider_id = $1 AND details_due_at IS NOT NULL';

/**
 * Asks for a sync until one has got through since now, then for all details until none is due. A reconciliation, which
 * alone finds deletions, would also mend what a sync missed: it comes only where it is wanted.
 */
async function settle({ providerId }: History, isReconciled: boolean): Promise<void> {
  const { rows } = await system.database.query('SELECT clock_timestamp() AS now');
  const isSynced = async (): Promise<boolean> => {
    const state = await system.database.query(
      `SELECT last_synced_at > $2 AND (last_reconciled_at > $2 OR NOT $3) AND sync_owner IS NULL AS is_synced
       FROM siem_provider WHERE id = $1`,
      [providerId, rows[0].now, isReconciled],
    );
    if (state.rows[0].is_synced) return true;
    await system.database.query(
      `UPDATE siem_provider SET next_sync_at = now(),
         next_reconcile_at = CASE WHEN $2 THEN now() ELSE now() + interval '1 day' END
       WHERE id = $1 AND sync_owner IS NULL AND next_sync_at > now()`,
      [providerId, isReconciled],
    );
    return false;
  };
  await until('the workspace is synced', isSynced, { timeoutMs: 30_000 });
  let askedAt = Number.NEGATIVE_INFINITY;
  const areRead = async (): Promise<boolean> => {
    await system.database.query('TRUNCATE azure_quota');
    // What could not be read at once, on a machine that is busy, waits for minutes otherwise.
    if (performance.now() - askedAt > ASK_EVERY_MS) {
      askedAt = performance.now();
      await system.database.query(ASK_AGAIN, [providerId]);
    }
    const due = await system.database.query(
      'SELECT FROM incident WHERE provider_id = $1 AND details_due_at IS NOT NULL LIMIT 1',
      [providerId],
    );
    return due.rowCount === 0;
  };
  await until('all details are read', areRead, { timeoutMs: 60_000 });
}

async function annotate(history: History, incidents: readonly AzureIncident[], text: string): Promise<void> {
  const number = pick(history.world.random, incidents)?.properties.incidentNumber;
  if (number === undefined) return;
  const local = { notes: text, tags: [text] };
  expect((await system.api('PATCH', incidentPath(history, number), local)).status).toBe(200);
  history.local.set(number, local);
}

/** Where an incident went in the end: what it was merged into may have been merged in its turn. */
function mergedInto(known: ReadonlyMap<number, AzureIncident>, incident: AzureIncident): number | null {
  const into = Number(incident.properties.additionalData.mergedIncidentNumber ?? 0);
  const target = known.get(into);
  return into === 0 ? null : ((target && mergedInto(known, target)) ?? into);
}

const byName = (resources: readonly unknown[]): unknown[] =>
  (resources as { name: string }[]).toSorted((a, b) => a.name.localeCompare(b.name));

async function compareDeleted(history: History, incidents: readonly AzureIncident[]): Promise<void> {
  const live = new Set(incidents.map(({ properties }) => properties.incidentNumber));
  const gone = [...history.known.keys()].filter((number) => !live.has(number));
  for (const number of gone) {
    const { body } = await system.api('GET', incidentPath(history, number));
    expect(body).toMatchObject({ deleted_in_sentinel_at: expect.any(String), ...history.local.get(number) });
  }
  const stored = await system.database.query(
    'SELECT count(*)::int AS n FROM incident WHERE provider_id = $1',
    [history.providerId],
  );
  expect(stored.rows[0].n).toBe(live.size + gone.length);
}

async function compare(history: History, incidents: readonly AzureIncident[]): Promise<void> {
  const { workspace, known, local } = history;
  for (const incident of incidents) known.set(incident.properties.incidentNumber, incident);
  for (const incident of incidents) {
    const { incidentNumber: number, additionalData } = incident.properties;
    const { body } = await system.api('GET', incidentPath(history, number));
    const { alerts, entities } = await system.azure.details(workspace, incident.name);
    expect({
      ...body,
      alerts: byName(body.alerts),
      sentinel_entities: byName(body.sentinel_entities),
    }).toMatchObject({
      sentinel: incident,
      alerts: byName(alerts),
      sentinel_entities: byName(entities),
      merged_into: mergedInto(known, incident),
      deleted_in_sentinel_at: null,
      ...local.get(number),
    });
    expect(body.alerts).toHaveLength(additionalData.alertsCount);
  }
}

/** What a receiver got of a workspace, each `webhook-id` once, sorted. */
function received(receiver: Receiver, workspace: string): string[] {
  const byId = new Map<string, string>();
  for (const { headers, body } of receiver.requests) {
    const { reason, incident } = JSON.parse(body).data;
    if (incident.provider !== workspace) continue;
    byId.set(String(headers['webhook-id']), `${incident.number} ${reason} ${incident.severity}`);
  }
  return [...byId.values()].toSorted();
}

async function playSteps(world: World): Promise<void> {
  for (let left = 1 + Math.floor(world.random() * 16); left > 0; left -= 1) await randomStep(world);
}

/** What is over before it is first seen: severe incidents that are closed, or merged away. */
async function playOver(workspace: string): Promise<void> {
  for (const number of [1, 2, 3]) await system.tenant.change(workspace, number, { severity: 'High' });
  await system.tenant.change(workspace, 1, { status: 'Closed' });
  await system.tenant.act(workspace, 2, 'merge', { into: 3 });
}

async function begin(
  index: number,
): Promise<{ history: History; rule: Parameters<typeof createAlertModel>[0] }> {
  const random = seededRandom(SEED + index);
  const workspace = await system.tenant.addWorkspace(`history-${index}`);
  const world: World = {
    workspace: workspace.name,
    tenant: system.tenant,
    random,
    incidents: () => system.azure.incidents(workspace),
    alertsOf: async ({ name }) => (await system.azure.details(workspace, name)).alerts,
  };
  await system.tenant.generate(workspace.name, { incidents: 8, seed: index, spread: 'PT24H' });
  await playOver(workspace.name);
  await playSteps(world);
  const settings = { alert_backlog: index % 2 === 0, include_closed: index % 5 === 4 };
  const providerId = await system.connect(workspace, settings);
  const { rows } = await system.database.query('SELECT connected_at FROM siem_provider WHERE id = $1', [
    providerId,
  ]);
  const rule = {
    connectedAt: rows[0].connected_at as Date,
    alertBacklog: settings.alert_backlog,
    includeClosed: settings.include_closed,
  };
  return { history: { workspace, providerId, world, local: new Map(), known: new Map() }, rule };
}

/** Makes the workspace due, and waits until its sync runs; the answer waits for its end, whichever it is. */
async function beginSync(providerId: string): Promise<() => Promise<unknown>> {
  const { rows } = await system.database.query(
    `UPDATE siem_provider SET next_sync_at = now(), consecutive_failures = 0 WHERE id = $1
     RETURNING clock_timestamp() AS now`,
    [providerId],
  );
  const state = async (condition: string): Promise<boolean> => {
    const text = `SELECT ${condition} AS holds FROM siem_provider WHERE id = $1 AND $2::timestamptz IS NOT NULL`;
    return (await system.database.query(text, [providerId, rows[0].now])).rows[0].holds;
  };
  const hasEnded = 'consecutive_failures > 0 OR last_synced_at > $2';
  await until('the sync has begun', () => state(`sync_owner IS NOT NULL OR ${hasEnded}`));
  return () => until('the sync has ended', () => state(hasEnded), { timeoutMs: 30_000 });
}

/** One round: changes, then a sync under faults, with more changes and perhaps a death while it reads. */
async function playRound({ world, providerId }: History): Promise<void> {
  await playSteps(world);
  const incidents = await world.incidents();
  await randomFaults(world);
  const ended = await beginSync(providerId);
  await quietStep(world, incidents);
  if (world.random() < 0.3) {
    await system.services['sentinel-sync'].kill('SIGKILL');
    await system.services['sentinel-sync'].restart();
  }
  await ended();
  await system.tenant.clearFaults();
}

test.each(Array.from({ length: HISTORIES }, (_, index) => index))(
  'random history %i: the store equals Azure, each alert was sent once, and notes survive',
  async (index) => {
    const { history, rule } = await begin(index);
    const model = createAlertModel(rule);
    for (let round = 0; round < ROUNDS; round += 1) {
      if (round > 0) await playRound(history);
      const isReconciled = round % 3 === 2;
      await settle(history, isReconciled);
      const incidents = await history.world.incidents();
      model.observe(incidents);
      await compare(history, incidents);
      if (isReconciled) await compareDeleted(history, incidents);
      await annotate(history, incidents, `round ${round}`);
    }
    const expected = model.expected();
    const sent = () => [everything, high].map((receiver) => received(receiver, history.workspace.name));
    await until('nothing is left to send', async () => {
      const { rows } = await system.database.query(
        `SELECT count(*)::int AS n FROM delivery JOIN event ON event.id = event_id
         WHERE event.provider_id = $1 AND delivery.status = 'pending'`,
        [history.providerId],
      );
      return rows[0].n === 0;
    });
    expect(sent()).toEqual([expected.everything, expected.high]);
  },
  120_000,
);
