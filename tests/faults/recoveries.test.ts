import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { percentile } from '../bench/percentile.ts';
import { seededRandom } from '../system/seeded-random.ts';
import { type System, startSystem } from '../system/start-system.ts';
import { wasHeldUp, watchHeartbeats } from '../system/watch-heartbeats.ts';

const ENDPOINTS = '/api/v1/webhooks/endpoints';
const POINTS = process.env['FAULT_POINTS'] === 'full' ? 10 : 3;
const SEED = Number(process.env['FAULT_SEED'] ?? 20_261_123);
const MISSED = 600;
const TIMEOUT_MS = 180_000;
const LONG = { timeoutMs: 60_000, everyMs: 50 };
/** What a live event may take on a machine that has much else to do. */
const BUSY_MS = 5_000;
/** With ten in flight at once, what was missed would keep what is live waiting for three seconds. */
const ANSWER_MS = 50;
/** A fifth of what the endpoint can take. With all of it, a recovery would make way for what is live without end. */
const LIVE_EVERY_MS = 25;

let system: System;
let server: Server;
interface Arrival {
  readonly at: number;
  readonly socket: Socket;
}
/** By the endpoint's path and then the event's `webhook-id`. */
const arrivals = new Map<string, Map<string, Arrival[]>>();
/** What happens at a path with each arrival. */
const strikes = new Map<string, () => void>();

beforeAll(async () => {
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const byId = arrivals.get(req.url ?? '') ?? new Map<string, Arrival[]>();
    arrivals.set(req.url ?? '', byId);
    const id = String(req.headers['webhook-id']);
    byId.set(id, [...(byId.get(id) ?? []), { at: performance.now(), socket: req.socket }]);
    strikes.get(req.url ?? '')?.();
    await delay(ANSWER_MS);
    req.resume();
    res.writeHead(204).end();
  };
  server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  system = await startSystem();
  await watchHeartbeats(system.database);
}, TIMEOUT_MS);
afterAll(async () => {
  await system?.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}, TIMEOUT_MS);

const post = async (path: string, body?: unknown) => {
  const answer = await system.api('POST', path, body);
  expect([200, 201, 202]).toContain(answer.status);
  return answer.body;
};

// What is older than the hour, or of a type that it did not ask for, it never missed.
const PUBLISH_AN_HOUR = `INSERT INTO event (id, type, cause_key, body, created_at)
  SELECT kind || '_' || $1 || '_' || n, type, kind || $1 || n,
    convert_to(jsonb_build_object('id', kind || '_' || $1 || '_' || n, 'type', type, 'data', $2::jsonb)::text, 'UTF8'),
    clock_timestamp() - make_interval(secs => CASE kind WHEN 'old' THEN 7200 ELSE 3600.0 * (1 - n / ($3::int + 1.0)) END)
  FROM generate_series(1, $3::int) AS n CROSS JOIN (VALUES ('evt', 'incident-alert'), ('old', 'incident-alert'),
    ('other', 'schedule-disabled')) AS given (kind, type)
  RETURNING id`;

const DISABLED_FOR_AN_HOUR = `UPDATE endpoint_gap SET
    from_at = CASE WHEN until_at IS NULL THEN now() - interval '1 hour' ELSE from_at END,
    until_at = CASE WHEN until_at IS NOT NULL THEN now() - interval '2 days' END
  WHERE endpoint_id = $1`;

/** An endpoint that is two days old and was disabled for an hour while so many alerts were published, and the ids of these. */
async function missedBy(name: string): Promise<{ endpointId: string; path: string; missed: string[] }> {
  const path = `/${name}`;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const { id: endpointId } = await post(ENDPOINTS, { name, url, event_types: ['incident-alert'] });
  // What the endpoints before it got is older than it, and so it missed that too.
  await system.database.query('TRUNCATE event CASCADE');
  await post(`${ENDPOINTS}/${endpointId}/disable`);
  const incident = { title: 'Password spray', severity: 'high', provider: 'prod' };
  expect((await system.database.query(DISABLED_FOR_AN_HOUR, [endpointId])).rowCount).toBe(2);
  const values = [name, JSON.stringify({ reason: 'new', incident }), MISSED];
  const { rows } = await system.database.query<{ id: string }>(PUBLISH_AN_HOUR, values);
  await post(`${ENDPOINTS}/${endpointId}/enable`);
  return { endpointId, path, missed: rows.map(({ id }) => id).filter((id) => id.startsWith('evt_')) };
}

const progress = async (id: string) => (await system.api('GET', `/api/v1/webhooks/recoveries/${id}`)).body;

const recovered = async (id: string): Promise<void> => {
  await until(
    'everything is recovered',
    async () => {
      const { status, pending } = await progress(id);
      return status === 'completed' && pending === 0;
    },
    LONG,
  );
};

const alertsAt = (path: string): string[] =>
  [...(arrivals.get(path)?.keys() ?? [])].filter((id) => id.includes(`_${path.slice(1)}_`));

test(
  'while an endpoint gets what it missed, what is live arrives within a second',
  async () => {
    const { endpointId, path, missed } = await missedBy('live');
    const { id } = await post(`${ENDPOINTS}/${endpointId}/recover`, { missed: true });
    const sent = new Map<string, number>();
    const seen: number[] = [];
    for (;;) {
      const { event_id } = await post(`${ENDPOINTS}/${endpointId}/test`);
      sent.set(event_id, performance.now());
      const { status, done, total } = await progress(id);
      seen.push(done);
      expect(done).toBeLessThanOrEqual(total);
      if (status === 'completed') break;
      await delay(LIVE_EVERY_MS);
    }
    await recovered(id);
    const arrivedAt = (eventId: string): number => arrivals.get(path)?.get(eventId)?.[0]?.at ?? 0;
    await until('every live event has arrived', () => [...sent.keys()].every(arrivedAt), LONG);
    expect(alertsAt(path).toSorted()).toEqual(missed.toSorted());
    const recoveredAt = missed.map(arrivedAt);
    const waits = [...sent].map(([eventId, from]) => ({
      ms: arrivedAt(eventId) - from,
      behind: recoveredAt.filter((at) => at > from && at < arrivedAt(eventId)).length,
    }));
    expect(waits.length).toBeGreaterThan(5);
    // However slow the machine is, it does not wait for what was there before it.
    const behind = waits.map((wait) => wait.behind);
    expect(percentile(behind, 99)).toBeLessThan(MISSED / 5);
    const delays = waits.map(({ ms }) => ms);
    expect(percentile(delays, 50)).toBeLessThan(1_000);
    expect(percentile(delays, 99)).toBeLessThan(BUSY_MS);
    // It can be watched: it was seen at several states between its beginning and its end.
    expect(new Set(seen).size).toBeGreaterThan(2);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  },
  TIMEOUT_MS,
);

/** Half of it at most: a recovery puts so much on its way ahead that it may be over a little before its arrivals. */
const points = Array.from({ length: POINTS }, (_, point) => ({
  point,
  share: Math.round(5 + 45 * seededRandom(SEED + point)()) / 100,
}));

const PENDING = `SELECT event_id AS id FROM delivery WHERE endpoint_id = $1 AND status = 'pending'`;

test.each(points)(
  'a notifier killed at $share of a recovery repeats what was in flight and loses nothing (point $point)',
  async ({ point, share }) => {
    const { endpointId, path, missed } = await missedBy(`kill${point}`);
    const { notifier } = system.services;
    const startedAt = new Date();
    strikes.set(path, () => {
      if (alertsAt(path).length < Math.ceil(share * MISSED)) return;
      // Once: what comes again after the restart counts as it did.
      strikes.delete(path);
      process.kill(notifier.pid, 'SIGKILL');
    });
    const { id } = await post(`${ENDPOINTS}/${endpointId}/recover`, { missed: true });
    await notifier.exited;
    const { rows } = await system.database.query<{ id: string }>(PENDING, [endpointId]);
    const killed = await progress(id);
    expect(killed).toMatchObject({ status: 'running', total: MISSED });
    expect(killed.done).toBeGreaterThanOrEqual(share * MISSED);
    expect(killed.done).toBeLessThan(MISSED);
    await notifier.restart();
    await recovered(id);
    expect(await progress(id)).toMatchObject({ status: 'completed', total: MISSED, done: MISSED });
    expect(alertsAt(path).toSorted()).toEqual(missed.toSorted());
    const again = [...(arrivals.get(path) ?? [])].filter(([, times]) => times.length > 1);
    // It had not been stored, and the connection by which it came died with its sender.
    const pending = new Set(rows.map((row) => row.id));
    const isHeldUp = await wasHeldUp(system.database, startedAt);
    const mayRepeat = ([event, times]: [string, Arrival[]]): boolean =>
      times.length === 2 && (pending.has(event) || isHeldUp) && times[0]!.socket.destroyed;
    expect(again.filter((one) => !mayRepeat(one)).map(([event]) => event)).toEqual([]);
  },
  TIMEOUT_MS,
);
