import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { ClaimedDelivery, DeliveryQueue, Room } from '@socmate/database';
import { createLogger, systemClock } from '@socmate/runtime';
import { until } from '@socmate/testing';
import type { Attempt } from './attempt.ts';
import { DeliveryLoop } from './delivery-loop.ts';
import type { Target } from './targets.ts';

const aTarget = (only: Partial<Target> = {}): Target => ({
  id: 'whe_1',
  url: new URL('https://receiver.example/'),
  isBlocked: false,
  keysAt: () => [],
  headers: {},
  authorize: { headers: async () => ({}), refused: () => undefined },
  secrets: [],
  timeoutMs: 1_000,
  retryScheduleS: [5],
  maxInFlight: 10,
  ...only,
});

const aDelivery = (id: string, endpointId = 'whe_1'): ClaimedDelivery => ({
  id,
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

/** A loop over a store in memory whose rows are all due. */
function build(
  rows: ClaimedDelivery[],
  more: { isAlive?: () => boolean; send?: () => Promise<Attempt>; maxInFlight?: number } = {},
) {
  const seen = {
    claims: [] as string[][],
    settled: [] as string[],
    returned: [] as string[],
    freed: [] as string[][],
  };
  const store = { rows, answersAreLost: false };
  const deliveries: DeliveryQueue = {
    claim: async (_owner, rooms: readonly Room[]) => {
      seen.claims.push(rooms.map(({ endpointId }) => endpointId));
      const claimed = rooms.flatMap(({ endpointId, free }) => {
        const mine = store.rows.filter((row) => row.endpointId === endpointId).slice(0, free);
        store.rows = store.rows.filter((row) => !mine.includes(row));
        return mine;
      });
      if (store.answersAreLost) throw new Error('Connection terminated');
      return claimed;
    },
    settle: async (_owner, attempts) =>
      void seen.settled.push(...attempts.map(({ deliveryId }) => deliveryId)),
    putBack: async (_owner, ids) => void seen.returned.push(...ids),
    freeAllBut: async (_owner, held) => seen.freed.push([...held]),
    freeDead: async () => 0,
    due: async () => [],
    targets: async () => [],
    disableEndpoint: async () => undefined,
  };
  const loop = new DeliveryLoop({
    deliveries,
    owner: 'wrk_1',
    heartbeat: { isAlive: more.isAlive ?? (() => true) },
    targets: { refresh: async () => undefined, of: () => aTarget({ maxInFlight: more.maxInFlight ?? 10 }) },
    send: more.send ?? (async () => answered),
    clock: systemClock,
    random: () => 0,
    log: createLogger('test', 'silent'),
    onRetry: () => undefined,
  });
  return { loop, seen, store };
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

test('a worker that others may take for dead sends nothing and gives back what it claimed', async () => {
  let sent = 0;
  const { loop, seen } = build([aDelivery('dlv_1')], {
    isAlive: () => false,
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

test('rows of a claim whose answer was lost are freed before the next claim, and what is held is kept', async () => {
  const held = Promise.withResolvers<Attempt>();
  const { loop, seen, store } = build([aDelivery('dlv_1')], { send: () => held.promise });
  loop.wake(['whe_1']);
  await turn();
  store.rows = [aDelivery('dlv_2', 'whe_2')];
  store.answersAreLost = true;
  loop.wake(['whe_2']);
  await turn();
  store.answersAreLost = false;
  expect(seen.freed).toEqual([]);
  loop.wake([]);
  await turn();
  expect(seen.freed).toEqual([['dlv_1']]);
  held.resolve(answered);
  await loop.close(1_000);
  expect(seen.settled).toEqual(['dlv_1']);
});

test('closing waits for attempts within the grace, gives back what was not sent, and claims no more', async () => {
  const held = Promise.withResolvers<Attempt>();
  const rows = Array.from({ length: 10 }, (_, n) => aDelivery(`dlv_${n}`));
  const { loop, seen } = build([...rows, aDelivery('late', 'whe_2')], {
    send: () => held.promise,
    maxInFlight: 4,
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
