import { expect, test } from '@jest/globals';
import { createCountCache } from './count-cache.ts';

function build(tookMs: number) {
  let nowMs = 0;
  let counts = 0;
  const cache = createCountCache({ now: () => new Date(nowMs) });
  const ask = (key = 'a', fault?: Error) =>
    cache.count(key, async () => {
      counts += 1;
      const mine = counts;
      await Promise.resolve();
      nowMs += tookMs;
      if (fault) throw fault;
      return mine;
    });
  return {
    ask,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

test('what is counted quickly is counted anew each time', async () => {
  const { ask } = build(9);
  expect([await ask(), await ask(), await ask()]).toEqual([1, 2, 3]);
});

test('what is counted slowly is kept a hundred times as long as it took, and at most half a minute', async () => {
  const { ask, pass } = build(20);
  expect([await ask(), await ask()]).toEqual([1, 1]);
  pass(1_999);
  expect(await ask()).toBe(1);
  pass(1);
  expect(await ask()).toBe(2);
  const slow = build(10_000);
  await slow.ask();
  slow.pass(29_999);
  expect(await slow.ask()).toBe(1);
  slow.pass(1);
  expect(await slow.ask()).toBe(2);
});

test('those who ask at the same time share one count, and other filters have their own', async () => {
  const { ask } = build(1);
  expect(await Promise.all([ask('a'), ask('a'), ask('b')])).toEqual([1, 1, 2]);
});

test('a count that failed is not kept', async () => {
  const { ask } = build(50);
  await expect(ask('a', new Error('away'))).rejects.toThrow('away');
  expect(await ask()).toBe(2);
});
