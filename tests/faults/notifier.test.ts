import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { CLEAN, type DeliveryRun, startRun } from '../system/delivery-runs.ts';
import { POINTS, seededPoints } from '../system/seeded-points.ts';
import { seededRandom } from '../system/seeded-random.ts';
import { LONG, type Senders, startSenders } from '../system/start-senders.ts';
import { type Subscriber, startSubscriber } from '../system/start-subscriber.ts';

/** The steps at which a kill falls share its points. */
const STEP_POINTS = Math.ceil(POINTS / 3);
const MANY = 800;
const FEW = 64;
const TIMEOUT_MS = 180_000;
const LEASES = 'SELECT owner AS id FROM worker_lease';
/** Later than a heartbeat should be, and sooner than its replica is taken for dead. */
const ON_TIME = `${LEASES} WHERE heartbeat_at > now() - interval '800 milliseconds'`;
const HELD_BY = `SELECT event_id AS id FROM delivery
  WHERE endpoint_id = $1 AND status = 'pending' AND split_part(lease_owner, ':', 1) = $2`;
const HELD = 'SELECT count(*)::int AS n FROM delivery WHERE endpoint_id = $1 AND lease_owner IS NOT NULL';

const jump = seededRandom(7);
const clockJumpsH = Array.from({ length: 97 }, () => Math.ceil((jump() - 0.5) * 20_000) || 1);

let senders: Senders;
let subscriber: Subscriber;

beforeAll(async () => {
  subscriber = await startSubscriber();
  senders = await startSenders({ replicas: 2, clockJumpsH });
}, TIMEOUT_MS);
afterAll(async () => {
  await senders?.close();
  await subscriber?.close();
}, TIMEOUT_MS);
beforeEach(() => senders.heal(), TIMEOUT_MS);

const ids = async (sql: string, values: readonly unknown[] = []): Promise<Set<string>> => {
  const { rows } = await senders.database.query<{ id: string }>(sql, [...values]);
  return new Set(rows.map(({ id }) => id));
};

/** Of what was unsettled, what had come over a connection that died. */
const cut = (run: DeliveryRun, pending: ReadonlySet<string>): Set<string> =>
  new Set([...pending].filter((id) => run.arrivals().get(id)?.isCut));

test.each(seededPoints(0))(
  'kill -9 of every notifier when $share has arrived repeats only what was in flight (point $point)',
  async ({ share }) => {
    const run = await startRun(senders, subscriber);
    await run.publish(MANY);
    await run.reached(share);
    await senders.killNotifiers();
    const pending = await run.pending();
    await senders.restartNotifiers();
    await run.outcome(pending);
    expect(await run.outcome(cut(run, pending))).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(1, STEP_POINTS))(
  'kill -9 between the claim and its first POST repeats nothing (point $point)',
  async ({ random }) => {
    const run = await startRun(senders, subscriber, { columns: { enabled: false } });
    await run.publish(FEW);
    const release = await senders.lock('event', 'ACCESS EXCLUSIVE');
    try {
      const enable = 'UPDATE webhook_endpoint SET enabled = true WHERE id = $1';
      await senders.database.query(enable, [run.endpointId]);
      if (random() < 0.5) await senders.wakeUp(run.endpointId);
      await until(
        'a claim waits',
        async () => (await senders.waitingFor('event', 'WITH ready AS')).length > 0,
        LONG,
      );
      // Stopped, they never see what their claim brought.
      for (const { pid } of senders.notifiers) process.kill(pid, 'SIGSTOP');
    } finally {
      await release();
    }
    const held = async (): Promise<number> =>
      (await senders.database.query(HELD, [run.endpointId])).rows[0].n;
    await until('it is claimed', async () => (await held()) > 0, LONG);
    await senders.killNotifiers();
    expect([await held(), run.arrivals().size]).toEqual([expect.any(Number), 0]);
    await senders.restartNotifiers();
    expect(await run.outcome()).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(2, STEP_POINTS))(
  'kill -9 between a POST and its answer repeats what was not answered (point $point)',
  async ({ random }) => {
    const wanted = 1 + Math.floor(random() * FEW * 0.8);
    let posted = 0;
    const strike = (): void => {
      for (const { pid } of senders.notifiers) process.kill(pid, 'SIGKILL');
    };
    const run = await startRun(senders, subscriber, {
      modeOf: () => {
        posted += 1;
        if (posted === wanted) strike();
        return random() < 0.5 ? 'slow' : 'ok';
      },
    });
    await run.publish(FEW);
    await until('it has struck', () => posted >= wanted, { ...LONG, everyMs: 2 });
    await senders.killNotifiers();
    const pending = await run.pending();
    expect(pending.size).toBeGreaterThan(0);
    await senders.restartNotifiers();
    await run.outcome(pending);
    expect(await run.outcome(cut(run, pending))).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(3, STEP_POINTS))(
  'kill -9 between an answer and its commit repeats what was not committed (point $point)',
  async ({ point }) => {
    const run = await startRun(senders, subscriber);
    const release = await senders.lock('delivery_attempt', 'SHARE');
    try {
      await run.publish(FEW);
      const committing = () => senders.waitingFor('delivery_attempt', 'INSERT INTO delivery_attempt');
      await until('a commit waits', async () => (await committing()).length > 0, LONG);
      const backends = await committing();
      await Promise.all(senders.notifiers.map((notifier) => notifier.kill('SIGKILL')));
      // What a dead process asked of Postgres is committed all the same, unless its connection ends first.
      if (point % 2 === 0)
        await senders.database.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [
          backends,
        ]);
    } finally {
      await release();
    }
    await senders.killNotifiers();
    const unsettled = await run.unsettled();
    expect(run.arrivals().size).toBeGreaterThan(0);
    await senders.restartNotifiers();
    expect(await run.outcome(unsettled)).toEqual(CLEAN);
    const again = [...run.arrivals()].filter(([, { count }]) => count > 1).map(([id]) => id);
    expect(again.toSorted()).toEqual([...unsettled].toSorted());
  },
  TIMEOUT_MS,
);

test.each(seededPoints(4))(
  'of two replicas one is killed when $share has arrived: the other finishes (point $point)',
  async ({ share, point }) => {
    const run = await startRun(senders, subscriber);
    await run.publish(MANY);
    await run.reached(share);
    await senders.notifiers[point % 2]!.kill('SIGKILL');
    const pending = await run.pending();
    await run.outcome(pending);
    expect(await run.outcome(cut(run, pending))).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(5))(
  'a replica that is stopped when $share has arrived, until it is taken for dead, sends nothing beside its heir but what it was writing (point $point)',
  async ({ share, point }) => {
    const run = await startRun(senders, subscriber);
    const stopped = senders.notifiers[point % 2]!;
    await run.publish(MANY);
    await run.reached(share);
    process.kill(stopped.pid, 'SIGSTOP');
    const owners = [...(await ids(ON_TIME))];
    const held = await Promise.all(
      owners.map(async (owner) => ({ owner, events: await ids(HELD_BY, [run.endpointId, owner]) })),
    );
    // By then the subscriber has read what was sent before the stop, and nobody has sent it again.
    const late = await until('its heartbeat is late', async () => {
      const onTime = await ids(ON_TIME);
      const others = held.filter(({ owner }) => !onTime.has(owner));
      return others.length > 0 ? others : undefined;
    });
    const holds = new Set(late.flatMap(({ events }) => [...events]));
    const mayRepeat = new Set([...holds].filter((id) => run.arrivals().has(id)));
    await until(
      'it is taken for dead',
      async () => {
        const living = await ids(LEASES);
        return owners.some((owner) => !living.has(owner));
      },
      LONG,
    );
    // It goes on beside its heir, or finds that everything is done.
    if (point % 4 < 2) await run.outcome(mayRepeat);
    process.kill(stopped.pid, 'SIGCONT');
    await run.publish(100);
    const { repeated, overlapping, ...others } = await run.outcome(mayRepeat);
    expect(others).toEqual({ lost: [], unknown: [] });
    // The stop may fall between its last look at its lease and the write: that one goes out when it goes on.
    const written = new Set([...repeated, ...overlapping]);
    expect([...written].filter((id) => !holds.has(id))).toEqual([]);
    expect(written.size).toBeLessThanOrEqual(1);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(6))(
  'clocks that jump by hours, either way, while retries wait delay nothing for long (point $point)',
  async ({ random }) => {
    const modes = ['500', '429', 'reset'] as const;
    const run = await startRun(senders, subscriber, {
      modeOf: ({ before }) => (before < 2 && random() < 0.2 ? modes[Math.floor(random() * 3)]! : 'ok'),
    });
    await run.publish(MANY / 2);
    for (const share of [0.3, 0.3, 0.3].map((step, n) => step * (n + random()))) {
      await run.reached(share);
      for (const { pid } of senders.notifiers) if (random() < 0.8) process.kill(pid, 'SIGUSR2');
    }
    for (const { pid } of senders.notifiers) process.kill(pid, 'SIGUSR2');
    await run.publish(MANY / 2);
    expect(await run.outcome()).toEqual(CLEAN);
    const skews = [...run.arrivals().values()].map(({ skewS }) => Math.abs(skewS));
    expect(Math.max(...skews)).toBeGreaterThan(1_800);
  },
  TIMEOUT_MS,
);
