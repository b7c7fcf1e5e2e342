import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { ClaimedDelivery, EndpointTurn } from '@socmate/database';
import { createLogger, systemClock } from '@socmate/runtime';
import { until } from '@socmate/testing';
import type { Attempt } from './attempt.ts';
import { DeliveryLoop } from './delivery-loop.ts';
import type { Target } from './targets.ts';

const aTarget = (only: Partial<Target> = {}): Target => ({
  id: 'whe_1',
  urlSealed: 'sealed',
  url: new URL('https://receiver.example/'),
  path: '/',
  isBlocked: false,
  keysAt: () => [],
  headers: {},
  authorize: { headers: async () => ({}), refused: () => undefined },
  secrets: [],
  timeoutMs: 1_000,
  retryScheduleS: [5],
  maxInFlight: 10,
  rateLimitPerSecond: null,
  ...only,
});

const aDelivery = (id: string, endpointId = 'whe_1'): ClaimedDelivery => ({
  id,
  lease: 'wrk_1:1',
  endpointId,
  endpointVersion: '1',
  eventId: `evt_${id}`,
  eventType: 'incident-alert',
  attemptsCount: 0,
  scheduleStart: 0,
  body: Buffer.alloc(0),
  traceparent: null,
});

const answered: Attempt = {
  outcome: 'success',
  statusCode: 204,
  responseHeaders: {},
  responseBody: null,
  startedAt: new Date(),
  durationMs: 1,
  requestHeaders: {},
};

interface More {
  readonly isAlive?: () => boolean;
  /** The names under which it is known, one after the other, each for one question. */
  readonly owners?: string[];
  readonly send?: (toSend: unknown, cancel: AbortSignal) => Promise<Attempt>;
  readonly target?: Partial<Target>;
  readonly disable?: () => Promise<boolean>;
  /** How endpoints stand after each batch that is stored. */
  readonly turns?: EndpointTurn[];
}

/** A loop over a store in memory whose rows are all due. */
function build(rows: ClaimedDelivery[], more: More = {}) {
  const seen = {
    claims: [] as string[][],
    leases: [] as string[],
    settled: [] as string[],
    returned: [] as string[],
    freed: [] as string[][],
  };
  const store = { rows, answersAreLost: false };
  const lapses: (() => void)[] = [];
  const loop = new DeliveryLoop({
    deliveries: {
      claim: async (lease, rooms) => {
        seen.leases.push(lease);
        seen.claims.push(rooms.map(({ endpointId }) => endpointId));
        const claimed = rooms.flatMap(({ endpointId, first }) => {
          const mine = store.rows.filter((row) => row.endpointId === endpointId).slice(0, first);
          store.rows = store.rows.filter((row) => !mine.includes(row));
          return mine;
        });
        if (store.answersAreLost) throw new Error('Connection terminated');
        return claimed;
      },
      settle: async (attempts) => {
        seen.settled.push(...attempts.map(({ deliveryId }) => deliveryId));
        return more.turns ?? [];
      },
      putBack: async (returned) => void seen.returned.push(...returned.map(({ deliveryId }) => deliveryId)),
      freeClaims: async (leases) => seen.freed.push([...leases]),
    },
    ownership: {
      get owner() {
        return more.owners?.shift() ?? 'wrk_1';
      },
      replicas: 1,
      isAlive: more.isAlive ?? (() => true),
      onLapse: (listener) => void lapses.push(listener),
    },
    health: { disable: more.disable ?? (async () => true) },
    breakerFailures: 5,
    targets: { refresh: async () => undefined, of: () => aTarget(more.target) },
    send: more.send ?? (async () => answered),
    clock: systemClock,
    random: () => 0,
    log: createLogger('test', 'silent'),
    onRetry: () => undefined,
  });
  const lapse = (): void => {
    for (const listener of lapses) listener();
  };
  return { loop, seen, store, lapse };
}

test('a wake-up at the very end of a claim is not lost', async () => {
  for (let steps = 0; steps < 20; steps += 1) {
    const { loop, seen } = build([]);
    loop.wake(['whe_1']);
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    loop.wake(['whe_2']);
    await turn();
    expect({ steps, claimed: seen.claims.flat() }).toEqual({ steps, claimed: ['whe_1', 'whe_2'] });
    await loop.close(0);
  }
});

test('a worker that others may take for dead claims nothing', async () => {
  const { loop, seen } = build([aDelivery('dlv_1')], { isAlive: () => false });
  loop.wake(['whe_1']);
  await turn();
  await loop.close(0);
  expect(seen.claims).toEqual([]);
});

test('one that is taken for dead between its claim and its attempt sends nothing and gives it back', async () => {
  let asked = 0;
  let sent = 0;
  const { loop, seen } = build([aDelivery('dlv_1')], {
    isAlive: () => {
      asked += 1;
      return asked === 1;
    },
    send: async () => {
      sent += 1;
      return answered;
    },
  });
  loop.wake(['whe_1']);
  await until('it is given back', () => seen.returned.length > 0);
  await loop.close(0);
  expect({ sent, returned: seen.returned }).toEqual({ sent: 0, returned: ['dlv_1'] });
});

test('what a claim brings after its owner was declared dead is given back, under whatever name it goes on', async () => {
  let sent = 0;
  const send = async (): Promise<Attempt> => {
    sent += 1;
    return answered;
  };
  const { loop, seen } = build([aDelivery('dlv_1')], { send, owners: ['wrk_1', 'wrk_2'] });
  loop.wake(['whe_1']);
  await until('it is given back', () => seen.returned.length > 0);
  await loop.close(0);
  expect({ sent, returned: seen.returned }).toEqual({ sent: 0, returned: ['dlv_1'] });
});

test('at a lapse what is in flight is cut and what waits is given back; what comes after goes on', async () => {
  const cut = Promise.withResolvers<void>();
  const send = (_toSend: unknown, cancel: AbortSignal): Promise<Attempt> => {
    const { promise, resolve } = Promise.withResolvers<Attempt>();
    const end = (): void => {
      cut.resolve();
      resolve({ ...answered, outcome: 'internal' });
    };
    cancel.addEventListener('abort', end, { once: true });
    return promise;
  };
  const rows = Array.from({ length: 10 }, (_, n) => aDelivery(`dlv_${n}`));
  const { loop, seen, lapse, store } = build(rows, { send, target: { maxInFlight: 2 } });
  loop.wake(['whe_1']);
  await turn();
  lapse();
  await cut.promise;
  await until('all are given back', () => seen.returned.length === 10);
  store.rows = [aDelivery('dlv_later')];
  loop.wake(['whe_1']);
  await until('it is claimed', () => store.rows.length === 0);
  await loop.close(0);
  expect(new Set(seen.returned).size).toBe(11);
  expect(seen.settled).toEqual([]);
});

test('a stop stores what was answered though a disabling hangs', async () => {
  const disabling = Promise.withResolvers<void>();
  const { loop, seen } = build([aDelivery('dlv_1')], {
    send: async () => ({ ...answered, outcome: 'http_error', statusCode: 410 }),
    disable: () => {
      disabling.resolve();
      return new Promise(() => undefined);
    },
  });
  loop.wake(['whe_1']);
  await disabling.promise;
  await loop.close(0);
  expect(seen.settled).toEqual(['dlv_1']);
});

test('every claim has a lease of its own, and one whose answer was lost is freed before the next', async () => {
  const { loop, seen, store } = build([aDelivery('dlv_1')]);
  loop.wake(['whe_1']);
  await turn();
  store.answersAreLost = true;
  store.rows = [aDelivery('dlv_2', 'whe_2')];
  loop.wake(['whe_2']);
  await turn();
  store.answersAreLost = false;
  expect(seen.freed).toEqual([]);
  loop.wake(['whe_3']);
  await turn();
  expect(seen.freed[0]).toEqual([seen.leases.at(-2)]);
  expect(new Set(seen.leases).size).toBe(seen.leases.length);
  await loop.close(0);
});

test('an endpoint that fails five times in a row is sent nothing more, and what waits is given back', async () => {
  const rows = Array.from({ length: 10 }, (_, n) => aDelivery(`dlv_${n}`));
  const failed: Attempt = { ...answered, outcome: 'http_error', statusCode: 500 };
  const { loop, seen } = build(rows, {
    send: async () => failed,
    target: { maxInFlight: 1 },
    turns: [{ endpointId: 'whe_1', isOpen: true }],
  });
  loop.wake(['whe_1']);
  await until('the rest is given back', () => seen.returned.length === 5);
  await loop.close(0);
  expect(seen.settled).toHaveLength(5);
});

test('a rate is kept to', async () => {
  const rows = Array.from({ length: 10 }, (_, n) => aDelivery(`dlv_${n}`));
  const times: number[] = [];
  const { loop } = build(rows, {
    send: async () => {
      times.push(performance.now());
      return answered;
    },
    target: { rateLimitPerSecond: 20 },
  });
  loop.wake(['whe_1']);
  await until('four are sent', () => times.length >= 4, { everyMs: 2 });
  await loop.close(0);
  expect(times[3]! - times[0]!).toBeGreaterThanOrEqual(145);
});

test('closing waits for attempts within the grace, gives back what was not sent, and claims no more', async () => {
  const held = Promise.withResolvers<Attempt>();
  const rows = Array.from({ length: 10 }, (_, n) => aDelivery(`dlv_${n}`));
  const { loop, seen } = build([...rows, aDelivery('late', 'whe_2')], {
    send: () => held.promise,
    target: { maxInFlight: 4 },
  });
  loop.wake(['whe_1']);
  await turn();
  const closing = loop.close(5_000);
  loop.wake(['whe_2']);
  await turn();
  held.resolve(answered);
  await closing;
  expect(seen.settled).toEqual(['dlv_0', 'dlv_1', 'dlv_2', 'dlv_3']);
  expect(seen.returned).toHaveLength(6);
  expect(seen.claims.flat()).not.toContain('whe_2');
});
