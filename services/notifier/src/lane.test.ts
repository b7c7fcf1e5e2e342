import { expect, test } from '@jest/globals';
import type { ClaimedDelivery } from '@socmate/database';
import { Lane } from './lane.ts';

let made = 0;

const aDelivery = (attemptsCount: number): ClaimedDelivery => {
  made += 1;
  return {
    id: `dlv_${made}`,
    lease: 'wrk_1:1',
    endpointId: 'whe_1',
    endpointVersion: '1',
    eventId: `evt_${made}`,
    eventType: 'incident-alert',
    attemptsCount,
    scheduleStart: 0,
    body: Buffer.alloc(0),
    traceparent: null,
  };
};

const many = (count: number, attemptsCount: number): ClaimedDelivery[] =>
  Array.from({ length: count }, () => aDelivery(attemptsCount));

/** A lane with both kinds waiting that sends all it may, and what it sends. */
function mixed(cap: number, first: number, retries: number) {
  const lane = new Lane({ cap, perSecond: null });
  const room = { endpointId: 'whe_1', first: 100, retries: 100 };
  lane.add([...many(first, 0), ...many(retries, 3)], room);
  const inFlight: boolean[] = [];
  const sent: boolean[] = [];
  const pump = (): void => {
    for (let next = lane.take(0); next; next = lane.take(0)) {
      inFlight.push(next.attemptsCount > 0);
      sent.push(next.attemptsCount > 0);
    }
  };
  const finish = (): void => {
    const wasRetry = inFlight.shift();
    if (wasRetry !== undefined) lane.done(wasRetry, 0);
    pump();
  };
  pump();
  return { inFlight, sent, finish };
}

const retriesOf = (inFlight: readonly boolean[]): number => inFlight.filter(Boolean).length;

test('while first attempts wait, retries take at most half of the cap, whatever ends', () => {
  const { inFlight, finish } = mixed(10, 60, 60);
  expect([inFlight.length, retriesOf(inFlight)]).toEqual([10, 5]);
  for (let n = 0; n < 50; n += 1) {
    finish();
    expect(retriesOf(inFlight)).toBeLessThanOrEqual(5);
  }
});

test('with a cap of one, first attempts and retries take turns', () => {
  const { sent, finish } = mixed(1, 5, 5);
  for (let n = 0; n < 7; n += 1) finish();
  expect(sent).toEqual([true, false, true, false, true, false, true, false]);
});

test('retries alone, and first attempts alone, have the whole cap', () => {
  expect(mixed(10, 0, 60).inFlight).toHaveLength(10);
  expect(mixed(10, 60, 0).inFlight).toHaveLength(10);
});

test('a rate lets one go at a time, holds no more than a second’s worth, and says how long to wait', () => {
  const lane = new Lane({ cap: 10, perSecond: 4 });
  lane.want();
  const room = lane.room(0);
  expect(room).toEqual({ first: 4, retries: 4 });
  lane.add(many(4, 0), { endpointId: 'whe_1', first: 4, retries: 4 });
  const sentAt = [0, 0, 249, 250, 250, 10_000, 10_000].map((now) => lane.take(now) !== undefined);
  expect(sentAt).toEqual([true, false, false, true, false, true, false]);
  expect(lane.waitMs(10_000)).toBe(250);
  // Nobody else looks again where its moment came between the two questions.
  expect(lane.take(10_249.9)).toBeUndefined();
  expect(lane.waitMs(10_250.1)).toBe(1);
  expect(lane.take(10_251)).toBeDefined();
  expect(lane.waitMs(10_251)).toBeUndefined();
});

test('a rate arms nothing where a slot must become free first', () => {
  const lane = new Lane({ cap: 1, perSecond: 100 });
  lane.want();
  lane.room(0);
  lane.add(many(2, 0), { endpointId: 'whe_1', first: 2, retries: 2 });
  expect(lane.take(0)).toBeDefined();
  expect(lane.waitMs(0)).toBeUndefined();
  lane.done(false, 5);
  expect(lane.waitMs(5)).toBe(5);
});

test('a suspended lane sends and claims nothing until it goes on', () => {
  const lane = new Lane({ cap: 10, perSecond: null });
  lane.add(many(20, 0), { endpointId: 'whe_1', first: 20, retries: 0 });
  lane.isSuspended = true;
  lane.want();
  expect([lane.take(0), lane.room(0)]).toEqual([undefined, undefined]);
  lane.isSuspended = false;
  expect(lane.take(0)).toBeDefined();
});
