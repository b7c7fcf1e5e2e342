import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Received, type Receiver, startReceiver, until } from '@socmate/testing';
import { seededRandom } from '../system/seeded-random.ts';
import { type System, startSystem } from '../system/start-system.ts';

const INCIDENTS = 2_000;
const POINTS = process.env['FAULT_POINTS'] === 'full' ? 10 : 3;
const SEED = Number(process.env['FAULT_SEED'] ?? 20_261_122);
const VICTIMS = ['sentinel-sync', 'notifier', 'redis', 'redis emptied'] as const;
type Victim = (typeof VICTIMS)[number];

let system: System;
let receiver: Receiver;

beforeAll(async () => {
  const random = seededRandom(SEED);
  receiver = await startReceiver(() => ({ status: random() < 0.2 ? 500 : 204 }));
  system = await startSystem({
    WEBHOOK_RETRY_SCHEDULE: Array.from({ length: 20 }, () => '0.2').join(','),
    WEBHOOK_BREAKER_OPEN_MS: '100',
    SYNC_INTERVAL: '1',
  });
  const wanted = { name: 'receiver', url: receiver.url, event_types: ['incident-alert'], max_in_flight: 16 };
  expect((await system.api('POST', '/api/v1/webhooks/endpoints', wanted)).status).toBe(201);
}, 60_000);
afterAll(async () => {
  await system?.close();
  await receiver?.close();
}, 60_000);

const count = async (sql: string, providerId: string): Promise<number> =>
  Number((await system.database.query(sql, [providerId])).rows[0].n);

const stored = (providerId: string): Promise<number> =>
  count('SELECT count(*) AS n FROM incident WHERE provider_id = $1', providerId);

const arrived = (workspace: string, requests: readonly Received[]): Map<number, Set<string>> => {
  const byNumber = new Map<number, Set<string>>();
  for (const request of requests) {
    const { incident } = JSON.parse(request.body).data as { incident: { number: number; provider: string } };
    if (incident.provider !== workspace) continue;
    const ids = byNumber.get(incident.number) ?? new Set();
    byNumber.set(incident.number, ids.add(String(request.headers['webhook-id'])));
  }
  return byNumber;
};

async function strike(victim: Victim): Promise<void> {
  if (victim === 'sentinel-sync' || victim === 'notifier') {
    const service = system.services[victim];
    await service.kill('SIGKILL');
    return service.restart();
  }
  await system.redis.kill('SIGKILL');
  if (victim === 'redis emptied') rmSync(system.redis.dataFolder, { recursive: true, force: true });
  await system.redis.restart();
}

/** The share of the work at which the blow falls: of the incidents stored, or for the notifier of the alerts sent. */
const points = VICTIMS.flatMap((victim, index) => {
  const random = seededRandom(SEED + index);
  return Array.from({ length: POINTS }, (_, point) => ({
    victim,
    point,
    share: Math.round(5 + 85 * random()) / 100,
  }));
});

test.each(points)(
  'a kill of $victim at $share of a sync loses and doubles nothing',
  async ({ victim, point, share }) => {
    const name = `${victim.replaceAll(' ', '-')}-${point}`;
    const workspace = await system.tenant.addWorkspace(name);
    const severity = { High: 1, Medium: 2, Low: 1, Informational: 1 };
    await system.tenant.generate(name, {
      incidents: INCIDENTS,
      seed: SEED + point,
      severity,
      spread: 'PT24H',
    });
    const served = await system.azure.incidents(workspace);
    const due = served
      .filter(
        ({ properties }) =>
          ['High', 'Medium'].includes(properties.severity) && properties.status !== 'Closed',
      )
      .map(({ properties }) => properties.incidentNumber);
    const before = receiver.requests.length;
    const providerId = await system.connect(workspace, { alert_backlog: true });
    const progress = (): Promise<number> | number =>
      victim === 'notifier'
        ? arrived(name, receiver.requests.slice(before)).size / due.length
        : stored(providerId).then((n) => n / INCIDENTS);
    await until(`${share} is done`, async () => (await progress()) >= share, {
      timeoutMs: 60_000,
      everyMs: 5,
    });
    expect(await progress()).toBeLessThan(1);
    await strike(victim);

    await until('every incident is stored', async () => (await stored(providerId)) === INCIDENTS, {
      timeoutMs: 60_000,
    });
    const pending = `SELECT count(*) AS n FROM delivery JOIN event ON event.id = event_id WHERE provider_id = $1 AND status <> 'succeeded'`;
    const acceptedOf = (ids: Set<string>): boolean => [...ids].some((id) => receiver.accepted.has(id));
    await until(
      'every delivery has ended well',
      async () =>
        (await count(pending, providerId)) === 0 &&
        arrived(name, receiver.requests.slice(before)).size >= due.length,
      { timeoutMs: 60_000 },
    );

    const alerts = arrived(name, receiver.requests.slice(before));
    const names = `SELECT count(DISTINCT sentinel_name) AS n FROM incident WHERE provider_id = $1`;
    expect(await count(names, providerId)).toBe(INCIDENTS);
    expect([...alerts.keys()].sort((a, b) => a - b)).toEqual(due.sort((a, b) => a - b));
    expect([...alerts.values()].filter((ids) => ids.size !== 1)).toEqual([]);
    expect([...alerts.values()].filter((ids) => !acceptedOf(ids))).toEqual([]);
  },
  180_000,
);
