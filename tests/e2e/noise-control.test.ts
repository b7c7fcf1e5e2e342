import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Receiver, startReceiver, until } from '@socmate/testing';
import { type System, startSystem } from '../system/start-system.ts';

const PATH = '/api/v1/webhooks/endpoints';
const INCIDENTS = 40;
let system: System;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  system = await startSystem({ SYNC_INTERVAL: '1' });
}, 60_000);
afterAll(async () => {
  await system?.close();
  await receiver?.close();
}, 60_000);

async function subscribe(name: string, only: object = {}): Promise<string> {
  const wanted = { name, url: `${receiver.url}/${name}`, event_types: ['incident-alert'], ...only };
  const { status, body } = await system.api('POST', PATH, wanted);
  expect(status).toBe(201);
  return body.id as string;
}

interface Alert {
  readonly id: string;
  readonly data: {
    readonly incident: { readonly title: string; readonly tactics: string[]; readonly products: string[] };
    readonly suppressed_count?: number;
  };
}

const got = (name: string): Alert[] =>
  receiver.requests.filter(({ path }) => path === `/${name}`).map(({ body }) => JSON.parse(body) as Alert);
const arrived = (name: string, count: number): Promise<Alert[]> =>
  until(`${count} reached ${name}`, () => got(name).length >= count && got(name)) as Promise<Alert[]>;
const idsOf = (alerts: readonly Alert[]): Set<string> => new Set(alerts.map(({ id }) => id));
const heldBack = async (id: string) =>
  (await system.api('GET', `${PATH}/${id}/held-back?limit=100`)).body as {
    total: number;
    items: { event_id: string; reason: string }[];
  };

test('of the incidents that Sentinel has, each endpoint gets what it chose, and the rest is listed', async () => {
  const always = { from: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' };
  await subscribe('all');
  await subscribe('chosen', { filters: { title_glob: ['*malware*', 'phish*'] } });
  await subscribe('none', { filters: { products: ['a product that nobody has'] } });
  const muted = await subscribe('muted', { mute_windows: [always] });
  const calm = await subscribe('calm', { storm_threshold: 2 });
  const workspace = await system.tenant.addWorkspace('noisy');
  await system.tenant.generate('noisy', {
    incidents: INCIDENTS,
    seed: 7,
    severity: { High: 1 },
    spread: 'PT1H',
  });
  await system.connect(workspace, { alert_backlog: true });

  const all = await arrived('all', INCIDENTS);
  const chosen = all.filter(({ data }) => /malware|^phish/i.test(data.incident.title));
  expect(chosen.length).toBeGreaterThan(0);
  expect(chosen.length).toBeLessThan(INCIDENTS);
  expect(idsOf(await arrived('chosen', chosen.length))).toEqual(idsOf(chosen));

  const titles = Map.groupBy(all, ({ data }) => data.incident.title);
  const letThrough = [...titles.values()].reduce((sum, alerts) => sum + Math.min(2, alerts.length), 0);
  expect(idsOf(await arrived('calm', letThrough)).size).toBe(letThrough);
  const stormy = await heldBack(calm);
  expect(stormy.total).toBe(INCIDENTS - letThrough);
  expect(new Set([...stormy.items.map(({ event_id }) => event_id), ...idsOf(got('calm'))])).toEqual(
    idsOf(all),
  );

  const quiet = await heldBack(muted);
  expect(quiet.total).toBe(INCIDENTS);
  expect(new Set(quiet.items.map(({ reason }) => reason))).toEqual(new Set(['muted']));

  await system.database.query(`UPDATE alert_storm SET started_at = started_at - interval '5 minutes'`);
  const storms = [...titles.values()].filter((alerts) => alerts.length > 2);
  const told = (await arrived('calm', letThrough + storms.length)).slice(letThrough);
  const suppressed = told.map(({ data }) => [data.incident.title, data.suppressed_count]);
  expect(new Map(suppressed as [string, number][])).toEqual(
    new Map(storms.map((alerts) => [alerts[0]?.data.incident.title, alerts.length - 2])),
  );
  expect([got('none'), got('muted'), got('chosen').length]).toEqual([[], [], chosen.length]);
}, 60_000);
