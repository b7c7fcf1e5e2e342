import { expect, test } from '@jest/globals';
import { Lifecycle } from './lifecycle.ts';

const closing = (closed: string[], name: string) => async (): Promise<void> => {
  await Promise.resolve();
  closed.push(name);
};

const failing = (message: string) => (): never => {
  throw new Error(message);
};

const faultOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (fault: unknown) => fault,
  );

test('resources close in the reverse of the order they were opened in, one after the other', async () => {
  const closed: string[] = [];
  const life = new Lifecycle();
  for (const name of ['postgres', 'producer', 'consumer']) life.use(name, {}, closing(closed, name));
  await life.close();
  expect(closed).toEqual(['consumer', 'producer', 'postgres']);
});

test('a close gets the resource that was opened, and `use` hands it on', async () => {
  const life = new Lifecycle();
  const closed: unknown[] = [];
  const resource = { url: 'x' };
  expect(life.use('pool', resource, (given) => closed.push(given))).toBe(resource);
  await life.close();
  expect(closed).toEqual([resource]);
});

test('a close that fails stops no other, and every fault is reported with its name and cause', async () => {
  const closed: string[] = [];
  const life = new Lifecycle();
  life.use('first', {}, closing(closed, 'first'));
  life.use('second', {}, failing('thrown at once'));
  life.use('third', {}, async () => Promise.reject(new Error('rejected')));
  life.use('fourth', {}, closing(closed, 'fourth'));
  const fault = await faultOf(life.close());
  expect(closed).toEqual(['fourth', 'first']);
  expect(fault).toBeInstanceOf(AggregateError);
  const faults = (fault as AggregateError).errors as Error[];
  expect(faults.map(({ message }) => message)).toEqual(['closing third failed', 'closing second failed']);
  expect(faults.map(({ cause }) => (cause as Error).message)).toEqual(['rejected', 'thrown at once']);
});

test('closing twice closes each resource once, and it counts as closing from the first moment', async () => {
  const closed: string[] = [];
  const life = new Lifecycle();
  life.use('pool', {}, closing(closed, 'pool'));
  expect(life.isClosing).toBe(false);
  const first = life.close();
  expect(life.isClosing).toBe(true);
  await Promise.all([first, life.close()]);
  expect(closed).toEqual(['pool']);
});

test('a start-up that fails closes what it had opened and throws the original error', async () => {
  const closed: string[] = [];
  const original = new Error('no consumer');
  const start = Lifecycle.start(async (life) => {
    life.use('postgres', {}, closing(closed, 'postgres'));
    life.use('redis', {}, closing(closed, 'redis'));
    throw original;
  });
  expect(await faultOf(start)).toBe(original);
  expect(closed).toEqual(['redis', 'postgres']);
});

test('a start-up that fails, and whose closing fails too, reports both and the original first', async () => {
  const original = new Error('no consumer');
  const start = Lifecycle.start(async (life) => {
    life.use('postgres', {}, failing('no postgres'));
    throw original;
  });
  const fault = await faultOf(start);
  expect(fault).toMatchObject({ cause: original });
  expect((fault as AggregateError).errors[0]).toBe(original);
  expect((fault as AggregateError).errors[1]).toMatchObject({
    errors: [expect.objectContaining({ message: 'closing postgres failed' })],
  });
});

test('a start-up that succeeds stays open', async () => {
  const closed: string[] = [];
  const life = await Lifecycle.start(async (opened) => {
    opened.use('pool', {}, closing(closed, 'pool'));
    return opened;
  });
  expect(closed).toEqual([]);
  await life.close();
  expect(closed).toEqual(['pool']);
});
