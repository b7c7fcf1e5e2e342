import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryQueue, SettledAttempt } from '@socmate/database';
import type { Logger } from '@socmate/runtime';

const LINGER_MS = 5;
const MAX_BATCH = 500;
const RETRY_MS = 250;

interface RecorderDeps {
  readonly deliveries: Pick<DeliveryQueue, 'settle' | 'putBack'>;
  readonly owner: string;
  readonly log: Logger;
  /** Told once the rows are stored. */
  readonly onStored: (deliveryIds: readonly string[]) => void;
}

interface Return {
  readonly deliveryId: string;
  readonly delayMs: number;
}

/** Stores what attempts came to within milliseconds, batched; keeps trying while Postgres is away. */
export class Recorder {
  readonly #deps: RecorderDeps;
  #attempts: SettledAttempt[] = [];
  #returns: Return[] = [];
  #flushing: Promise<void> | undefined;
  #stop: AbortSignal | undefined;

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
  }

  settle(attempt: SettledAttempt): void {
    this.#attempts.push(attempt);
    this.#start();
  }

  /** Gives a delivery back that was not attempted. */
  putBack(deliveryId: string, delayMs: number): void {
    this.#returns.push({ deliveryId, delayMs });
    this.#start();
  }

  /** Resolves when all that was given is stored, or, where Postgres stays away, after `signal` aborts. */
  async close(signal: AbortSignal): Promise<void> {
    this.#stop = signal;
    await this.#flushing;
  }

  #start(): void {
    this.#flushing ??= this.#flush();
  }

  async #flush(): Promise<void> {
    await delay(LINGER_MS);
    while (this.#attempts.length + this.#returns.length > 0) {
      try {
        await this.#storeBatch();
      } catch (err) {
        const waiting = this.#attempts.length + this.#returns.length;
        this.#deps.log.error({ err, waiting }, 'attempts could not be stored, trying again');
        if (this.#stop?.aborted) break;
        await delay(RETRY_MS);
      }
    }
    // In the same turn as the last look at what waits, so that nothing falls between the two.
    this.#flushing = undefined;
  }

  async #storeBatch(): Promise<void> {
    const { deliveries, owner, onStored } = this.#deps;
    const attempts = this.#attempts.slice(0, MAX_BATCH);
    const returns = this.#returns.slice(0, MAX_BATCH);
    if (attempts.length > 0) await deliveries.settle(owner, attempts);
    for (const [delayMs, group] of Map.groupBy(returns, (item) => item.delayMs)) {
      const ids = group.map(({ deliveryId }) => deliveryId);
      await deliveries.putBack(owner, ids, delayMs);
    }
    this.#attempts = this.#attempts.slice(attempts.length);
    this.#returns = this.#returns.slice(returns.length);
    onStored([...attempts, ...returns].map(({ deliveryId }) => deliveryId));
  }
}
