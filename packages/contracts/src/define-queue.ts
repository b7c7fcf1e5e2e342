import type { z } from 'zod';

/** How often a failed job runs again; the row it names keeps the failure. */
export interface QueueRetry {
  readonly attempts: number;
  readonly backoffMs: number;
}

/** The one service that handles a queue's jobs. */
export type QueueOwner = 'enrichment' | 'investigator' | 'notifier' | 'sentinel-sync';

/** Everything a producer and a consumer must agree on about one queue. */
export interface QueueDefinition<S extends z.ZodType> {
  readonly name: string;
  readonly owner: QueueOwner;
  readonly payload: S;
  readonly retry: QueueRetry;
  /** Adds of one id are one job while it waits; one added while it runs makes it run once more. */
  readonly dedupe?: (payload: z.output<S>) => string;
  /** Where one job can say what several would: wake-ups that come while one is being added are added as one. */
  readonly merge?: (payloads: readonly z.output<S>[]) => z.output<S>;
}

export const defineQueue = <S extends z.ZodType>(definition: QueueDefinition<S>): QueueDefinition<S> =>
  definition;
