import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from '@jest/globals';
import { mergeAdds } from './merged-adds.ts';

/** An `add` whose calls end when the test says so. */
function build() {
  const calls: { payload: string[]; end: (fault?: Error) => void }[] = [];
  const add = mergeAdds<string[]>(
    (payload) =>
      new Promise((resolve, reject) => {
        calls.push({ payload, end: (fault) => (fault ? reject(fault) : resolve()) });
      }),
    (payloads) => payloads.flat(),
  );
  return { calls, add };
}

test('an add goes out at once; those that come meanwhile go out as one, and are answered by it', async () => {
  const { calls, add } = build();
  const answered: string[] = [];
  const adding = ['a', 'b', 'c'].map((one) => add([one]).then(() => answered.push(one)));
  expect(calls.map(({ payload }) => payload)).toEqual([['a']]);
  calls[0]?.end();
  await adding[0];
  expect(calls.map(({ payload }) => payload)).toEqual([['a'], ['b', 'c']]);
  expect(answered).toEqual(['a']);
  const late = add(['d']);
  calls[1]?.end();
  await Promise.all(adding);
  calls[2]?.end();
  await late;
  expect(calls.map(({ payload }) => payload)).toEqual([['a'], ['b', 'c'], ['d']]);
});

test('a fault is told to those whose add it was, and to nobody else', async () => {
  const { calls, add } = build();
  const [first, second, third] = [add(['a']), add(['b']), add(['c'])];
  calls[0]?.end(new Error('away'));
  await expect(first).rejects.toThrow('away');
  calls[1]?.end(new Error('still away'));
  await expect(second).rejects.toThrow('still away');
  await expect(third).rejects.toThrow('still away');
  const fourth = add(['d']);
  calls[2]?.end();
  await fourth;
});

test('adds that go out as one run in the context of the first of them', async () => {
  const trace = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const gate = Promise.withResolvers<void>();
  const add = mergeAdds<string[]>(
    () => {
      seen.push(trace.getStore());
      return gate.promise;
    },
    (payloads) => payloads.flat(),
  );
  const adding = ['one', 'two', 'three'].map((name) => trace.run(name, () => add([name])));
  gate.resolve();
  await Promise.all(adding);
  expect(seen).toEqual(['one', 'two']);
});
