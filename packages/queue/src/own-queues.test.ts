import { expect, test } from '@jest/globals';
import { assertOwnQueues } from './own-queues.ts';

const consumersOf = (...names: string[]) => names.map((queue) => ({ queue }));

test('a service that handles what it owns may start', () => {
  expect(() =>
    assertOwnQueues('notifier', consumersOf('deliver-webhook', 'recover-deliveries')),
  ).not.toThrow();
});

test('a queue that its owner does not handle stops the start', () => {
  expect(() => assertOwnQueues('notifier', [])).toThrow(
    "the queues of notifier are not right: nothing handles 'deliver-webhook'",
  );
});

test('a queue that another service owns stops the start, and every fault is told', () => {
  expect(() => assertOwnQueues('notifier', consumersOf('sync-provider'))).toThrow(
    "nothing handles 'deliver-webhook'; nothing handles 'recover-deliveries'; 'sync-provider' is not its own",
  );
});
