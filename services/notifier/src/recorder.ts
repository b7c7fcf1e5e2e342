import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryQueue, EndpointTurn, ReturnedDelivery, SettledAttempt } from '@socmate/database';
import type { Logger } from '@socmate/runtime';

/** However many come within it are stored by one statement. */
const LINGER_MS = 8;
const MAX_BATCH = 500;
const RETRY_MS = 250;

interface RecorderDeps {
  readonly deliveries: Pick<DeliveryQueue, 'settle' | 'putBack'>;
  readonly log: Logger;
  /** Told once attempts are stored, and how the endpoints stand that failed or recovered. */
  readonly onStored: (attempts: readonly SettledAttempt[], turns: readonly EndpointTurn[]) => void;
}

/** Stores what attempts came to within milliseconds, batched; keeps trying while Postgres is away. */
export class Recorder {
  readonly #deps: RecorderDeps;
  #attempts: SettledAttempt[] = [];
  #returns: ReturnedDelivery[] = [];
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
  putBack({ id: deliveryId, lease }: { id: string; lease: string }, delayMs: number): void {
    this.#returns.push({ deliveryId, lease, delayMs });
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
    while (this.#attempts.length + this.#returns.length > 0) {
      if (!this.#stop) await delay(LINGER_MS);
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
    const { deliveries, onStored } = this.#deps;
    const attempts = this.#attempts.slice(0, MAX_BATCH);
    const returns = this.#returns.slice(0, MAX_BATCH);
    if (attempts.length > 0) {
      const turns = await deliveries.settle(attempts);
      this.#attempts = this.#attempts.slice(attempts.length);
      onStored(attempts, turns);
    }
    if (returns.length > 0) await deliveries.putBack(returns);
    this.#returns = this.#returns.slice(returns.length);
  }
}
