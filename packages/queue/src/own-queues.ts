import { type QueueOwner, queues } from '@socmate/contracts';
import type { Consumer } from './consumer.ts';

/** Called at boot: throws unless a service consumes each queue that it owns, and no other. */
export function assertOwnQueues(owner: QueueOwner, consumers: readonly Pick<Consumer, 'queue'>[]): void {
  const owned = Object.values(queues).flatMap((one) => (one.owner === owner ? [one.name] : []));
  const consumed = consumers.map(({ queue }) => queue);
  const faults = [
    ...owned.filter((name) => !consumed.includes(name)).map((name) => `nothing handles '${name}'`),
    ...consumed.filter((name) => !owned.includes(name)).map((name) => `'${name}' is not its own`),
  ];
  if (faults.length > 0) throw new Error(`the queues of ${owner} are not right: ${faults.join('; ')}`);
}
