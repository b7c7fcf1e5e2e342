import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { seededRandom } from '../system/seeded-random.ts';
import { type Senders, startSenders } from '../system/start-senders.ts';
import { type Mode, type Subscriber, startSubscriber } from '../system/start-subscriber.ts';

const DELIVERIES = 800;
const IN_FLIGHT = 16;
const POINTS = process.env['FAULT_POINTS'] === 'full' ? 50 : 3;
const SEED = Number(process.env['FAULT_SEED'] ?? 20_261_123);
const STOPPED_MS = 3_000;

let senders: Senders;
let subscriber: Subscriber;
const plans = new Map<string, (id: string, before: number) => Mode>();

beforeAll(async () => {
  subscriber = await startSubscriber(({ path, id, before }) => plans.get(path)?.(id, before) ?? 'ok');
  senders = await startSenders(2);
}, 60_000);
afterAll(async () => {
  await senders?.close();
  await subscriber?.close();
}, 60_000);

interface Run {
  readonly path: string;
  readonly endpointId: string;
  readonly ids: readonly string[];
}

let runs = 0;

async function begin(columns: Record<string, unknown> = {}): Promise<Run> {
  runs += 1;
  const path = `/${runs}`;
  const limits = { max_in_flight: IN_FLIGHT, ...columns };
  const endpointId = await senders.subscribe(subscriber.url + path, limits);
  return { path, endpointId, ids: await senders.publish(endpointId, DELIVERIES) };
}

const reached = (path: string, share: number): Promise<unknown> =>
  until(`${share} have arrived`, () => subscriber.arrivals(path).size >= share * DELIVERIES, { everyMs: 2 });

/** What had arrived by now and was not stored as attempted: it may come again. */
async function unsettled({ path, endpointId }: Run): Promise<Set<string>> {
  const arrived = [...subscriber.arrivals(path).keys()];
  const { rows } = await senders.database.query<{ id: string }>(
    `SELECT event_id AS id FROM delivery WHERE endpoint_id = $1 AND status = 'pending' AND event_id = ANY ($2)`,
    [endpointId, arrived],
  );
  return new Set(rows.map(({ id }) => id));
}

const repeated = ({ path }: Run): string[] =>
  [...subscriber.arrivals(path)].filter(([, count]) => count > 1).map(([id]) => id);

async function nothingIsLost({ path, endpointId, ids }: Run): Promise<void> {
  await senders.allDelivered(endpointId);
  expect([...subscriber.accepted(path)].toSorted()).toEqual([...ids].toSorted());
  expect(subscriber.overlaps).toEqual([]);
}

const points = (offset: number) => {
  const random = seededRandom(SEED + offset);
  return Array.from({ length: POINTS }, (_, point) => ({
    point,
    share: Math.round(5 + 85 * random()) / 100,
  }));
};

test.each(points(0))(
  'kill -9 of every notifier at $share loses nothing and repeats only what was in flight',
  async ({ share }) => {
    const run = await begin();
    await reached(run.path, share);
    await Promise.all(senders.notifiers.map((notifier) => notifier.kill('SIGKILL')));
    const mayRepeat = await unsettled(run);
    await Promise.all(senders.notifiers.map((notifier) => notifier.restart()));
    await nothingIsLost(run);
    expect(repeated(run).filter((id) => !mayRepeat.has(id))).toEqual([]);
  },
  60_000,
);

test.each(points(1))(
  'of two replicas one is killed at $share: the other finishes, repeating only what that one had in flight',
  async ({ share, point }) => {
    const run = await begin();
    const victim = senders.notifiers[point % 2]!;
    await reached(run.path, share);
    await victim.kill('SIGKILL');
    const mayRepeat = await unsettled(run);
    await nothingIsLost(run);
    await victim.restart();
    expect(repeated(run).filter((id) => !mayRepeat.has(id))).toEqual([]);
  },
  60_000,
);

test.each(points(2))(
  'Redis killed at $share, emptied or not, costs no delivery and repeats none',
  async ({ share, point }) => {
    const run = await begin();
    await reached(run.path, share);
    await senders.redis.kill('SIGKILL');
    if (point % 2 === 0) rmSync(senders.redis.dataFolder, { recursive: true, force: true });
    const later = await senders.publish(run.endpointId, 50);
    await nothingIsLost({ ...run, ids: [...run.ids, ...later] });
    await senders.redis.restart();
    expect(repeated(run)).toEqual([]);
  },
  60_000,
);

test.each(points(3))(
  'Postgres killed at $share and started again loses nothing and repeats only what was under way',
  async ({ share }) => {
    const run = await begin();
    await reached(run.path, share);
    await senders.postgres.kill('SIGKILL');
    await senders.postgres.restart();
    const mayRepeat = await unsettled(run);
    await nothingIsLost(run);
    expect(repeated(run).filter((id) => !mayRepeat.has(id))).toEqual([]);
  },
  60_000,
);

test.each(points(4))(
  'a notifier that is stopped at $share, taken for dead and goes on attempts nothing beside its heir',
  async ({ share, point }) => {
    const run = await begin();
    const victim = senders.notifiers[point % 2]!;
    await reached(run.path, share);
    process.kill(victim.pid, 'SIGSTOP');
    let mayRepeat = new Set<string>();
    try {
      mayRepeat = await unsettled(run);
      await delay(STOPPED_MS);
    } finally {
      process.kill(victim.pid, 'SIGCONT');
    }
    const later = await senders.publish(run.endpointId, 100);
    await nothingIsLost({ ...run, ids: [...run.ids, ...later] });
    expect(repeated(run).filter((id) => !mayRepeat.has(id))).toEqual([]);
  },
  60_000,
);

const MODES: readonly Mode[] = ['ok', 'slow', '500', '429', 'reset', 'garbage', 'drip', 'hang'];

test.each(
  points(5)
    .flatMap(({ point }) => MODES.map((mode) => ({ mode, point })))
    .slice(0, Math.max(POINTS, MODES.length)),
)(
  'a subscriber that answers by $mode at random gets everything, under the same ids (point $point)',
  async ({ mode, point }) => {
    const random = seededRandom(SEED + 100 + point);
    const share = mode === 'hang' || mode === 'drip' ? 0.02 : 0.15;
    plans.set(`/${runs + 1}`, (_id, before) => (before < 2 && random() < share ? mode : 'ok'));
    const run = await begin({ timeout_ms: 1_000 });
    await nothingIsLost(run);
    expect(subscriber.arrivals(run.path).size).toBe(DELIVERIES);
  },
  60_000,
);
