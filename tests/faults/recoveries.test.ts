import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { percentile } from '../bench/percentile.ts';
import { seededRandom } from '../system/seeded-random.ts';
import { type System, startSystem } from '../system/start-system.ts';

const ENDPOINTS = '/api/v1/webhooks/endpoints';
const POINTS = process.env['FAULT_POINTS'] === 'full' ? 10 : 3;
const SEED = Number(process.env['FAULT_SEED'] ?? 20_261_123);
const MISSED = 600;
/** With ten in flight at once, what was missed would keep what is live waiting for three seconds. */
const ANSWER_MS = 50;

let system: System;
let server: Server;
/** When each event arrived, by the endpoint's path and then its `webhook-id`. */
const arrivals = new Map<string, Map<string, number[]>>();

beforeAll(async () => {
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const byId = arrivals.get(req.url ?? '') ?? new Map<string, number[]>();
    arrivals.set(req.url ?? '', byId);
    const id = String(req.headers['webhook-id']);
    byId.set(id, [...(byId.get(id) ?? []), performance.now()]);
    await delay(ANSWER_MS);
    req.resume();
    res.writeHead(204).end();
  };
  server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  system = await startSystem();
}, 60_000);
afterAll(async () => {
  await system?.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}, 60_000);

const post = async (path: string, body?: unknown) => {
  const answer = await system.api('POST', path, body);
  expect([200, 201, 202]).toContain(answer.status);
  return answer.body;
};

/** An endpoint that was disabled while so many alerts were published, and the ids of these. */
async function missedBy(name: string): Promise<{ endpointId: string; path: string; missed: string[] }> {
  const path = `/${name}`;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const { id: endpointId } = await post(ENDPOINTS, { name, url, event_types: ['incident-alert'] });
  // What the endpoints before it got is older than it, and so it missed that too.
  await system.database.query('TRUNCATE event CASCADE');
  await post(`${ENDPOINTS}/${endpointId}/disable`);
  const incident = { title: 'Password spray', severity: 'high', provider: 'prod' };
  const { rows } = await system.database.query(
    `INSERT INTO event (id, type, cause_key, body, created_at)
     SELECT 'evt_' || $1 || '_' || n, 'incident-alert', $1 || n,
       convert_to(jsonb_build_object('id', 'evt_' || $1 || '_' || n, 'type', 'incident-alert', 'data', $2::jsonb)::text, 'UTF8'),
       clock_timestamp()
     FROM generate_series(1, $3::int) AS n RETURNING id`,
    [name, JSON.stringify({ reason: 'new', incident }), MISSED],
  );
  await post(`${ENDPOINTS}/${endpointId}/enable`);
  return { endpointId, path, missed: rows.map((row) => row.id as string) };
}

const progress = async (id: string) => (await system.api('GET', `/api/v1/webhooks/recoveries/${id}`)).body;

const recovered = async (id: string): Promise<void> => {
  await until(
    'everything is recovered',
    async () => {
      const { status, pending } = await progress(id);
      return status === 'completed' && pending === 0;
    },
    { timeoutMs: 60_000, everyMs: 50 },
  );
};

const alertsAt = (path: string): string[] =>
  [...(arrivals.get(path)?.keys() ?? [])].filter((id) => id.startsWith(`evt_${path.slice(1)}_`));

test('while an endpoint gets what it missed, what is live arrives within a second', async () => {
  const { endpointId, path, missed } = await missedBy('live');
  const { id } = await post(`${ENDPOINTS}/${endpointId}/recover`, { missed: true });
  const sent = new Map<string, number>();
  const seen: number[] = [];
  for (;;) {
    const start = performance.now();
    const { event_id } = await post(`${ENDPOINTS}/${endpointId}/test`);
    sent.set(event_id, start);
    const { status, done, total } = await progress(id);
    seen.push(done);
    expect(done).toBeLessThanOrEqual(total);
    if (status === 'completed') break;
  }
  await recovered(id);
  const arrivalOf = (eventId: string): number | undefined => arrivals.get(path)?.get(eventId)?.[0];
  await until('every live event has arrived', () => [...sent.keys()].every(arrivalOf));
  const delays = [...sent].map(([eventId, start]) => (arrivalOf(eventId) ?? 0) - start);
  expect(delays.length).toBeGreaterThan(20);
  expect(percentile(delays, 99)).toBeLessThan(1_000);
  expect(alertsAt(path).sort()).toEqual(missed.sort());
  // It can be watched: it was seen at several states between its beginning and its end.
  expect(new Set(seen).size).toBeGreaterThan(5);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
}, 90_000);

const points = Array.from({ length: POINTS }, (_, point) => ({
  point,
  share: Math.round(5 + 85 * seededRandom(SEED + point)()) / 100,
}));

test.each(points)(
  'a notifier killed at $share of a recovery repeats what was in flight and loses nothing',
  async ({ point, share }) => {
    const { endpointId, path, missed } = await missedBy(`kill${point}`);
    const { id } = await post(`${ENDPOINTS}/${endpointId}/recover`, { missed: true });
    const isDue = () => alertsAt(path).length / MISSED >= share;
    await until(`${share} has arrived`, isDue, { timeoutMs: 60_000, everyMs: 5 });
    expect(await progress(id)).toMatchObject({ status: 'running', total: MISSED });
    await system.services.notifier.kill('SIGKILL');
    await system.services.notifier.restart();
    await recovered(id);
    expect(await progress(id)).toMatchObject({ status: 'completed', total: MISSED, done: MISSED });
    expect(alertsAt(path).sort()).toEqual(missed.sort());
    const repeated = [...(arrivals.get(path)?.values() ?? [])].filter((times) => times.length > 1);
    // In flight when it was killed, or answered and not yet stored.
    expect(repeated.length).toBeLessThanOrEqual(20);
    expect(repeated.every((times) => times.length === 2)).toBe(true);
  },
  90_000,
);
