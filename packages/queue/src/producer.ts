import type { QueueDefinition } from '@socmate/contracts';
import { AppError } from '@socmate/runtime';
import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import { connectFailFast, type QueueConnection } from './connection.ts';
import { queueTelemetry } from './telemetry.ts';

export interface AddOptions {
  /** Not before this long from now. */
  readonly delayMs?: number;
  /** Overrides the queue's own dedupe. */
  readonly dedupeId?: string;
}

export interface Producer<S extends z.ZodType> {
  /** Adds a wake-up; rejects at once while Redis is away. The row it names is found by a timer all the same. */
  add(payload: z.input<S>, options?: AddOptions): Promise<void>;
  close(): Promise<void>;
}

/** Settles when the first try to connect has ended, well or not. */
const firstTry = (connection: Redis): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ['ready', 'close', 'end']) connection.once(event, () => resolve());
  });

const notReachable = (cause?: unknown): AppError =>
  new AppError('unavailable', 'Redis is not reachable', { cause });

export function startProducer<S extends z.ZodType>(
  definition: Omit<QueueDefinition<S>, 'merge'>,
  { url, prefix }: QueueConnection,
): Producer<S> {
  const connection = connectFailFast(url);
  const tried = firstTry(connection);
  const queue = new Queue(definition.name, {
    connection,
    prefix,
    telemetry: queueTelemetry,
  });
  queue.on('error', () => undefined);
  return {
    add: async (payload, { delayMs, dedupeId } = {}) => {
      const data = definition.payload.parse(payload);
      const id = dedupeId ?? definition.dedupe?.(data);
      const options: JobsOptions = {
        attempts: definition.retry.attempts,
        backoff: { type: 'exponential', delay: definition.retry.backoffMs, jitter: 0.5 },
        removeOnComplete: true,
        removeOnFail: true,
        ...(delayMs !== undefined && { delay: delayMs }),
        ...(id !== undefined && { deduplication: { id, keepLastIfActive: true } }),
      };
      await tried;
      // The queue itself would wait for a first connection, however long that takes.
      if (connection.status !== 'ready') throw notReachable();
      await queue.add(definition.name, data, options).catch((cause: unknown) => {
        throw notReachable(cause);
      });
    },
    close: async () => {
      if (connection.status === 'ready') await queue.close();
      connection.disconnect();
    },
  };
}
