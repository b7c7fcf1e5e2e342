import { expect, test } from '@jest/globals';
import type { ClaimedDelivery, Room } from '@socmate/database';
import { Lanes } from './lanes.ts';

const CAP = 10;
let made = 0;

const aDelivery = (endpointId: string): ClaimedDelivery => {
  made += 1;
  return {
    id: `dlv_${made}`,
    lease: 'wrk_1:1',
    endpointId,
    endpointVersion: '1',
    eventId: `evt_${made}`,
    eventType: 'incident-alert',
    attemptsCount: 0,
    scheduleStart: 0,
    body: Buffer.alloc(0),
    traceparent: null,
  };
};

/** What waits in Postgres, by endpoint, and a claim over it. */
function createStore(waiting: Record<string, number>) {
  const rows = new Map(
    Object.entries(waiting).map(([endpointId, count]) => [
      endpointId,
      Array.from({ length: count }, () => aDelivery(endpointId)),
    ]),
  );
  return {
    rows,
    claim: (rooms: readonly Room[]) =>
      rooms.flatMap(({ endpointId, first }) => rows.get(endpointId)?.splice(0, first) ?? []),
  };
}

/** Claims once, as the loop does, and answers how many came. */
function claim(lanes: Lanes, store: ReturnType<typeof createStore>): number {
  const rooms = lanes.rooms();
  const claimed = store.claim(rooms);
  lanes.add(claimed, rooms);
  return claimed.length;
}

function takeAll(lanes: Lanes, endpointId: string): string[] {
  const taken: string[] = [];
  for (let next = lanes.take(endpointId); next; next = lanes.take(endpointId)) taken.push(next.id);
  return taken;
}

test('nothing is claimed for an endpoint that nobody woke', () => {
  expect(new Lanes(CAP).rooms()).toEqual([]);
});

test('a woken endpoint is claimed for once, with room for its cap', () => {
  const lanes = new Lanes(CAP);
  lanes.want('whe_1');
  lanes.want('whe_1');
  expect(lanes.rooms()).toEqual([{ endpointId: 'whe_1', first: CAP, retries: CAP }]);
  expect(lanes.rooms()).toEqual([]);
});

test('an endpoint that was woken during its claim is claimed for again', () => {
  const lanes = new Lanes(CAP);
  lanes.want('whe_1');
  const rooms = lanes.rooms();
  lanes.want('whe_1');
  lanes.add([], rooms);
  expect(lanes.rooms()).toEqual([{ endpointId: 'whe_1', first: CAP, retries: CAP }]);
});

test('no more than the cap are in flight, also after the cap was lowered', () => {
  const lanes = new Lanes(CAP);
  const store = createStore({ whe_1: 50 });
  lanes.want('whe_1');
  claim(lanes, store);
  lanes.setLimits('whe_1', { cap: 3, perSecond: null });
  expect(takeAll(lanes, 'whe_1')).toHaveLength(3);
  lanes.done({ endpointId: 'whe_1', attemptsCount: 0 });
  expect(takeAll(lanes, 'whe_1')).toHaveLength(1);
});

test('an endpoint keeps its cap while it has nothing to send', () => {
  const lanes = new Lanes(CAP);
  const store = createStore({ whe_1: 1 });
  lanes.setLimits('whe_1', { cap: 2, perSecond: null });
  lanes.want('whe_1');
  claim(lanes, store);
  takeAll(lanes, 'whe_1');
  lanes.done({ endpointId: 'whe_1', attemptsCount: 0 });
  lanes.want('whe_1');
  expect(lanes.rooms()).toEqual([{ endpointId: 'whe_1', first: 2, retries: 2 }]);
});

test('a hanging endpoint holds its cap and no more, however often it is woken', () => {
  const lanes = new Lanes(CAP);
  const store = createStore({ whe_1: 1_000 });
  for (let n = 0; n < 100; n += 1) {
    lanes.want('whe_1');
    claim(lanes, store);
    takeAll(lanes, 'whe_1');
  }
  expect(store.rows.get('whe_1')).toHaveLength(1_000 - CAP);
});

test('an endpoint that hangs after it was fast holds what it had claimed ahead and no more', () => {
  const lanes = new Lanes(CAP);
  const store = createStore({ whe_1: 5_000 });
  lanes.want('whe_1');
  for (let n = 0; n < 1_000; n += 1) {
    claim(lanes, store);
    if (takeAll(lanes, 'whe_1').length > 0) lanes.done({ endpointId: 'whe_1', attemptsCount: 0 });
  }
  const before = store.rows.get('whe_1')!.length;
  for (let n = 0; n < 100; n += 1) {
    lanes.want('whe_1');
    claim(lanes, store);
    takeAll(lanes, 'whe_1');
  }
  expect(before - store.rows.get('whe_1')!.length).toBeLessThanOrEqual(17 * CAP);
});

test('what was finished long ago counts no more: a lane that became slow claims less ahead', () => {
  let now = 0;
  const lanes = new Lanes(CAP, () => now);
  const store = createStore({ whe_1: 1_000 });
  const finish = (count: number): void => {
    for (let n = 0; n < count; n += 1) {
      lanes.done({ endpointId: 'whe_1', attemptsCount: 0 });
      takeAll(lanes, 'whe_1');
    }
  };
  lanes.want('whe_1');
  claim(lanes, store);
  takeAll(lanes, 'whe_1');
  finish(CAP);
  expect(claim(lanes, store)).toBe(2 * CAP);
  takeAll(lanes, 'whe_1');
  now += 1_000;
  finish(CAP);
  now += 1_000;
  finish(2);
  expect(claim(lanes, store)).toBe(4);
});

test('a lane that is empty while its claim is under way remembers how fast it was', () => {
  const lanes = new Lanes(CAP, () => 0);
  const store = createStore({ whe_1: 1_000 });
  lanes.want('whe_1');
  claim(lanes, store);
  const asked = lanes.rooms();
  takeAll(lanes, 'whe_1');
  for (let n = 0; n < CAP; n += 1) lanes.done({ endpointId: 'whe_1', attemptsCount: 0 });
  lanes.add(store.claim(asked), asked);
  lanes.want('whe_1');
  expect(claim(lanes, store)).toBe(2 * CAP);
});

test('one endpoint’s full lane takes no room from another', () => {
  const lanes = new Lanes(CAP);
  const store = createStore({ whe_1: 100, whe_2: 100 });
  lanes.want('whe_1');
  claim(lanes, store);
  takeAll(lanes, 'whe_1');
  lanes.want('whe_1');
  lanes.want('whe_2');
  expect(lanes.rooms()).toEqual([{ endpointId: 'whe_2', first: CAP, retries: CAP }]);
});

test('a fast endpoint claims ahead, up to seventeen caps at a time, and is not woken for the rest', () => {
  let now = 0;
  const lanes = new Lanes(CAP, () => now);
  const store = createStore({ whe_1: 5_000 });
  const claims: number[] = [];
  let inFlight = 0;
  lanes.want('whe_1');
  for (let done = 0; done < 5_000; ) {
    claims.push(claim(lanes, store));
    inFlight += takeAll(lanes, 'whe_1').length;
    // As many answers come as a claim takes to be made; the lane is empty before it is.
    for (let n = 0; n < 200 && inFlight > 0; n += 1) {
      now += 0.1;
      lanes.done({ endpointId: 'whe_1', attemptsCount: 0 });
      done += 1;
      inFlight += takeAll(lanes, 'whe_1').length - 1;
    }
  }
  expect(Math.max(...claims)).toBeGreaterThan(CAP);
  expect(Math.max(...claims)).toBeLessThanOrEqual(17 * CAP);
  expect(claims.filter((count) => count > 0).length).toBeLessThan(5_000 / CAP / 8);
});

test('what was claimed and not taken is handed back by a drain, once', () => {
  const lanes = new Lanes(CAP);
  const store = createStore({ whe_1: 5, whe_2: 3 });
  lanes.want('whe_1');
  lanes.want('whe_2');
  claim(lanes, store);
  lanes.setLimits('whe_1', { cap: 2, perSecond: null });
  takeAll(lanes, 'whe_1');
  expect(lanes.drain()).toHaveLength(6);
  expect(lanes.drain()).toEqual([]);
});

/** Mulberry32: the same seed, the same run. */
function createRandom(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    below: (limit: number) => Math.floor(next() * limit),
    pick: <T>(of: readonly T[]) => of[Math.floor(next() * of.length)]!,
  };
}

const ENDPOINTS = ['whe_1', 'whe_2', 'whe_3'] as const;

/** A run of random steps over three endpoints with a claim that may be under way; every step keeps the invariants. */
function randomRun(seed: number) {
  const random = createRandom(seed);
  const store = createStore({});
  const lanes = new Lanes(CAP);
  const caps = new Map<string, number>(ENDPOINTS.map((id) => [id, 1 + random.below(15)]));
  const inFlight = new Map<string, string[]>(ENDPOINTS.map((id) => [id, []]));
  const published: string[] = [];
  const finished: string[] = [];
  let isBroken = false;
  let asked: Room[] | undefined;
  let answer: ClaimedDelivery[] = [];

  const steps = {
    publish: () => {
      const endpointId = random.pick(ENDPOINTS);
      const more = Array.from({ length: random.below(60) }, () => aDelivery(endpointId));
      store.rows.set(endpointId, [...(store.rows.get(endpointId) ?? []), ...more]);
      published.push(...more.map(({ id }) => id));
      lanes.want(endpointId);
    },
    ask: () => {
      if (asked) return;
      asked = lanes.rooms();
      isBroken ||= asked.some(({ first, retries }) => first + retries <= 0);
      answer = store.claim(asked);
    },
    answer: () => {
      if (!asked) return;
      lanes.add(answer, asked);
      for (const endpointId of new Set(answer.map((delivery) => delivery.endpointId)))
        lanes.setLimits(endpointId, { cap: caps.get(endpointId)!, perSecond: null });
      asked = undefined;
    },
    take: () => {
      const endpointId = random.pick(ENDPOINTS);
      inFlight.get(endpointId)!.push(...takeAll(lanes, endpointId));
    },
    finish: () => {
      const endpointId = random.pick(ENDPOINTS);
      const id = inFlight.get(endpointId)!.shift();
      if (id === undefined) return;
      finished.push(id);
      lanes.done({ endpointId, attemptsCount: 0 });
    },
    wakeInVain: () => lanes.want(random.pick(ENDPOINTS)),
  };
  const names = Object.keys(steps) as (keyof typeof steps)[];
  const step = (name: keyof typeof steps): void => {
    steps[name]();
    for (const [id, taken] of inFlight) isBroken ||= taken.length > Math.max(CAP, caps.get(id)!);
  };
  for (let n = 0; n < 400; n += 1) step(random.pick(names));
  // Nobody wakes any more: what is published is finished by the lanes' own claims.
  for (let n = 0; n < 30_000 && finished.length < published.length; n += 1)
    step(random.pick(['ask', 'answer', 'take', 'finish'] as const));
  return { published, finished, lanes, isBroken };
}

test.each(Array.from({ length: 25 }, (_, seed) => seed))(
  'whatever happens in whatever order, no delivery is lost and none is sent twice (seed %i)',
  (seed) => {
    const { published, finished, lanes, isBroken } = randomRun(seed);
    expect(isBroken).toBe(false);
    expect(finished.toSorted()).toEqual(published.toSorted());
    expect(lanes.drain()).toEqual([]);
  },
);

test('a claim asks for a bounded number of deliveries, and each endpoint has its turn', () => {
  const lanes = new Lanes(100);
  const endpointIds = Array.from({ length: 50 }, (_, n) => `whe_${n}`);
  for (const endpointId of endpointIds) lanes.want(endpointId);
  const asked: string[] = [];
  for (let claims = 0; asked.length < endpointIds.length && claims < 10; claims += 1) {
    const rooms = lanes.rooms();
    const size = rooms.reduce((sum, { first, retries }) => sum + first + retries, 0);
    expect(size).toBeLessThanOrEqual(2_200);
    asked.push(...rooms.map(({ endpointId }) => endpointId));
    lanes.add([], rooms);
  }
  expect(asked).toEqual(endpointIds);
});
