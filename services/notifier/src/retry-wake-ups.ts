import type { deliverWebhook } from '@socmate/contracts';
import type { Producer } from '@socmate/queue';
import { errorMessage, type Logger } from '@socmate/runtime';

/** Later retries wait in Postgres until the timer finds them due. */
const MAX_DELAY_MS = 5 * 60_000;
const MOMENT_MS = 250;
// Postgres counts a delay from when the failure is stored, which is a little later than it is announced.
const STORED_AFTER_MS = 50;

interface RetryWakeUpsDeps {
  readonly producer: Producer<typeof deliverWebhook.payload>;
  readonly log: Logger;
  readonly now: () => number;
}

/** One delayed wake-up per endpoint and moment, however many deliveries come due in it. */
export function createRetryWakeUps({ producer, log, now }: RetryWakeUpsDeps) {
  const asked = new Map<number, Set<string>>();

  const askedFor = (moment: number): Set<string> => {
    const known = asked.get(moment);
    if (known) return known;
    for (const past of asked.keys()) if (past * MOMENT_MS < now()) asked.delete(past);
    const endpointIds = new Set<string>();
    asked.set(moment, endpointIds);
    return endpointIds;
  };

  return (endpointId: string, delayMs: number): void => {
    if (delayMs > MAX_DELAY_MS) return;
    const moment = Math.ceil((now() + delayMs + STORED_AFTER_MS) / MOMENT_MS);
    const endpointIds = askedFor(moment);
    if (endpointIds.has(endpointId)) return;
    endpointIds.add(endpointId);
    const options = { delayMs: moment * MOMENT_MS - now(), dedupeId: `${endpointId}:${moment}` };
    producer.add({ endpointIds: [endpointId] }, options).catch((fault: unknown) => {
      log.debug({ endpointId, reason: errorMessage(fault) }, 'retry not announced, the timer will find it');
    });
  };
}
