import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { SettledAttempt } from '@socmate/database';
import { createLogger } from '@socmate/runtime';
import { until } from '@socmate/testing';
import { Recorder } from './recorder.ts';

const anAttempt = (deliveryId: string): SettledAttempt => ({
  deliveryId,
  endpointId: 'whe_1',
  lease: 'wrk_1:1',
  number: 1,
  startedAt: new Date(),
  durationMs: 1,
  outcome: 'success',
  statusCode: 204,
  requestHeaders: {},
  responseHeaders: null,
  responseBody: null,
  next: { status: 'succeeded' },
});

/** A store of rows; `fault` makes its next calls fail, `gate` holds them up. */
function build() {
  const store = {
    settled: [] as string[],
    returned: [] as { id: string; delayMs: number }[],
    calls: 0,
    gate: Promise.resolve(),
    fault: undefined as Error | undefined,
  };
  const stored: string[] = [];
  const lines: { msg: string }[] = [];
  const call = async (): Promise<void> => {
    store.calls += 1;
    await store.gate;
    if (store.fault) throw store.fault;
  };
  const recorder = new Recorder({
    deliveries: {
      settle: async (attempts) => {
        const ids = attempts.map(({ deliveryId }) => deliveryId);
        await call();
        store.settled.push(...ids);
        return [];
      },
      putBack: async (returned) => {
        await call();
        store.returned.push(...returned.map(({ deliveryId: id, delayMs }) => ({ id, delayMs })));
        stored.push(...returned.map(({ deliveryId }) => deliveryId));
      },
    },
    log: createLogger('test', 'info', { write: (line) => lines.push(JSON.parse(line)) }),
    onStored: (attempts) => void stored.push(...attempts.map(({ deliveryId }) => deliveryId)),
  });
  return { store, stored, lines, recorder };
}

const aClaim = (id: string) => ({ id, lease: 'wrk_1:1' });
const never = (): AbortSignal => new AbortController().signal;
const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `dlv_${n}`);

test('what comes in together is stored in few statements, within some milliseconds', async () => {
  const { store, stored, recorder } = build();
  const start = performance.now();
  for (const [n, id] of ids(100).entries()) {
    recorder.settle(anAttempt(id));
    if (n % 10 === 0) await turn();
  }
  await until('all are stored', () => stored.length === 100, { everyMs: 1 });
  expect(performance.now() - start).toBeLessThan(100);
  expect(store.calls).toBeLessThan(4);
  expect(store.settled).toEqual(ids(100));
});

test('a statement holds at most 500, and the rest follows at once', async () => {
  const { store, recorder } = build();
  for (const id of ids(1_200)) recorder.settle(anAttempt(id));
  await recorder.close(never());
  expect(store.calls).toBe(3);
  expect(store.settled).toEqual(ids(1_200));
});

test('any number of deliveries is put back, each with its delay', async () => {
  const { store, recorder } = build();
  for (const [n, id] of ids(1_200).entries()) recorder.putBack(aClaim(id), n % 2 === 0 ? 0 : 30_000);
  await recorder.close(never());
  expect(store.returned.toSorted((a, b) => Number(a.id.slice(4)) - Number(b.id.slice(4)))).toEqual(
    ids(1_200).map((id, n) => ({ id, delayMs: n % 2 === 0 ? 0 : 30_000 })),
  );
});

test('while Postgres is away it keeps trying, and stores everything once it is back', async () => {
  const { store, stored, lines, recorder } = build();
  store.fault = new Error('Connection terminated');
  recorder.settle(anAttempt('dlv_1'));
  recorder.putBack(aClaim('dlv_2'), 0);
  await until('it tried twice', () => store.calls >= 2);
  expect(stored).toEqual([]);
  recorder.settle(anAttempt('dlv_3'));
  store.fault = undefined;
  await until('all are stored', () => stored.length === 3);
  expect(store.settled.toSorted()).toEqual(['dlv_1', 'dlv_3']);
  expect(store.returned).toEqual([{ id: 'dlv_2', delayMs: 0 }]);
  expect(lines[0]).toMatchObject({ level: 'error', waiting: 2 });
});

test.each([
  ['an attempt', 'settled'],
  ['an attempt', 'put back'],
  ['a return', 'settled'],
  ['a return', 'put back'],
])(
  'while %s is being stored, what is %s waits for the next statement and is stored by it',
  async (first, how) => {
    const { store, stored, recorder } = build();
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    const give = (id: string, isAttempt: boolean): void =>
      isAttempt ? recorder.settle(anAttempt(id)) : recorder.putBack(aClaim(id), 0);
    give('first', first === 'an attempt');
    await until('the first statement runs', () => store.calls === 1);
    const later = ids(10);
    for (const id of later) give(id, how === 'settled');
    gate.resolve();
    await recorder.close(never());
    const all = ['first', ...later].toSorted();
    expect([...store.settled, ...store.returned.map(({ id }) => id)].toSorted()).toEqual(all);
    expect(stored.toSorted()).toEqual(all);
  },
);

test('closing stores all that was given before', async () => {
  const { store, recorder } = build();
  recorder.settle(anAttempt('dlv_1'));
  recorder.putBack(aClaim('dlv_2'), 0);
  await recorder.close(AbortSignal.timeout(0));
  expect([store.settled, store.returned]).toEqual([['dlv_1'], [{ id: 'dlv_2', delayMs: 0 }]]);
});

test('closing gives up when its time is over and Postgres stays away', async () => {
  const { store, stored, recorder } = build();
  store.fault = new Error('Connection terminated');
  recorder.settle(anAttempt('dlv_1'));
  const start = performance.now();
  await recorder.close(AbortSignal.timeout(100));
  expect(performance.now() - start).toBeLessThan(1_500);
  expect(stored).toEqual([]);
});

test('what comes in at the very end of a statement does not wait for the next to be given', async () => {
  for (let steps = 0; steps < 12; steps += 1) {
    const { store, stored, recorder } = build();
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    recorder.settle(anAttempt('dlv_1'));
    await until('the statement runs', () => store.calls === 1, { everyMs: 1 });
    gate.resolve();
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    recorder.settle(anAttempt('dlv_2'));
    const isStored = () => stored.length === 2;
    expect(await until(`all is stored, ${steps} steps later`, isStored, { timeoutMs: 500 })).toBe(true);
  }
});
