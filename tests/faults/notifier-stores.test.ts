import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { CLEAN, type DeliveryRun, startRun } from '../system/delivery-runs.ts';
import { seededPoints } from '../system/seeded-points.ts';
import { type Senders, startSenders } from '../system/start-senders.ts';
import { type Mode, type Subscriber, startSubscriber } from '../system/start-subscriber.ts';

const MANY = 600;
const TIMEOUT_MS = 180_000;

let senders: Senders;
let subscriber: Subscriber;

beforeAll(async () => {
  subscriber = await startSubscriber();
  senders = await startSenders({ replicas: 2, clockJumpsH: [0] });
}, TIMEOUT_MS);
afterAll(async () => {
  await senders?.close();
  await subscriber?.close();
}, TIMEOUT_MS);
beforeEach(() => senders.heal(), TIMEOUT_MS);

/** A tenth of what comes is refused, so that retries wait in Redis too. */
const startRefusedRun = (random: () => number): Promise<DeliveryRun> =>
  startRun(senders, subscriber, {
    modeOf: ({ before }) => (before < 2 && random() < 0.1 ? '500' : 'ok'),
  });

const emptyRedis = (): void => rmSync(senders.redis.dataFolder, { recursive: true, force: true });

test.each(seededPoints(10))(
  'Redis stopped when $share has arrived holds up nothing (point $point)',
  async ({ share, point, random }) => {
    const run = await startRefusedRun(random);
    await run.publish(MANY);
    await run.reached(share);
    // It no longer answers, or no longer listens.
    if (point % 2 === 0) process.kill(senders.redis.pid, 'SIGSTOP');
    else await senders.redis.stop();
    await run.publish(100);
    expect(await run.outcome()).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(11))(
  'Redis restarted when $share has arrived costs nothing (point $point)',
  async ({ share, point, random }) => {
    const run = await startRefusedRun(random);
    await run.publish(MANY);
    await run.reached(share);
    if (point % 2 === 0) await senders.redis.kill('SIGKILL');
    await senders.redis.restart();
    await run.publish(100);
    await senders.wakeUp(run.endpointId).catch(() => undefined);
    expect(await run.outcome()).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(12))(
  'Redis emptied when $share has arrived costs nothing (point $point)',
  async ({ share, random }) => {
    const run = await startRefusedRun(random);
    await run.publish(MANY);
    await run.reached(share);
    await senders.redis.kill('SIGKILL');
    emptyRedis();
    await run.publish(100);
    await senders.redis.restart();
    expect(await run.outcome()).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(13))(
  'Postgres killed when $share has arrived repeats only what was under way (point $point)',
  async ({ share }) => {
    const run = await startRun(senders, subscriber);
    await run.publish(MANY);
    await run.reached(share);
    await senders.postgres.kill('SIGKILL');
    await senders.postgres.restart();
    const mayRepeat = await run.unsettled();
    expect(await run.outcome(mayRepeat)).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(14))(
  'Postgres restarted when $share has arrived repeats only what was under way (point $point)',
  async ({ share }) => {
    const run = await startRun(senders, subscriber);
    await run.publish(MANY);
    await run.reached(share);
    await senders.postgres.restart();
    const mayRepeat = await run.unsettled();
    expect(await run.outcome(mayRepeat)).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

test.each(seededPoints(15))(
  'rows whose job was never added go out, whoever is killed (point $point)',
  async ({ point }) => {
    const run = await startRun(senders, subscriber);
    await run.publish(50);
    // Killed before they can have looked, or dead when the rows are written.
    await senders.killNotifiers();
    const pending = await run.pending();
    await run.publish(50);
    // A job that is there before its rows are looked at, and then lost with Redis.
    if (point % 2 === 0) {
      await senders.wakeUp(run.endpointId);
      await senders.redis.kill('SIGKILL');
      emptyRedis();
    }
    await senders.restartNotifiers();
    await run.outcome(pending);
    const cut = new Set([...pending].filter((id) => run.arrivals().get(id)?.isCut));
    expect(await run.outcome(cut)).toEqual(CLEAN);
  },
  TIMEOUT_MS,
);

const MODES: readonly Mode[] = ['ok', 'slow', '500', '429', 'reset', 'garbage', 'drip', 'hang'];

/** What hangs is cut after a second; what answers has the time that it needs. */
const isCutOff = (mode: Mode): boolean => mode === 'drip' || mode === 'hang';

test.each(seededPoints(16))(
  'each of nine subscribers, by how it answers, gets everything under the same ids (point $point)',
  async ({ random }) => {
    const answersAtRandom = (modes: readonly Mode[]) =>
      startRun(senders, subscriber, {
        columns: { timeout_ms: modes.some(isCutOff) ? 1_000 : 15_000 },
        modeOf: ({ before }) =>
          before < 2 && random() < 0.15 ? modes[Math.floor(random() * modes.length)]! : 'ok',
      });
    const flaky: readonly Mode[] = ['slow', '500', '429', 'reset', 'garbage'];
    const kinds = [...MODES.map((mode) => [mode]), flaky];
    const runs = await Promise.all(kinds.map(answersAtRandom));
    await Promise.all(runs.map((run) => run.publish(60)));
    const outcomes = await Promise.all(runs.map((run) => run.outcome()));
    for (const [index, outcome] of outcomes.entries()) {
      // A busy machine may need more than a second for a good answer too.
      const repeated = kinds[index]!.some(isCutOff) ? [] : outcome.repeated;
      expect({ kind: kinds[index], ...outcome, repeated }).toEqual({ kind: kinds[index], ...CLEAN });
    }
  },
  TIMEOUT_MS,
);
