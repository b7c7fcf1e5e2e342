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
  const asked = new Map<string, number>();

  const forgetPast = (): void => {
    for (const [key, moment] of asked) if (moment * MOMENT_MS < now()) asked.delete(key);
  };

  return (endpointId: string, delayMs: number): void => {
    if (delayMs > MAX_DELAY_MS) return;
    const moment = Math.ceil((now() + delayMs + STORED_AFTER_MS) / MOMENT_MS);
    const key = `${endpointId}:${moment}`;
    if (asked.has(key)) return;
    forgetPast();
    asked.set(key, moment);
    const options = { delayMs: moment * MOMENT_MS - now(), dedupeId: key };
    producer.add({ endpointIds: [endpointId] }, options).catch((fault: unknown) => {
      log.debug({ endpointId, reason: errorMessage(fault) }, 'retry not announced, the timer will find it');
    });
  };
}
