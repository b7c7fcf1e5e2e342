import { Redis } from 'ioredis';

/** What producers and consumers share: where Redis is and under which names the queues live. */
export interface QueueConnection {
  readonly url: string;
  readonly prefix: string;
}

const COMMAND_TIMEOUT_MS = 2_000;

const retryStrategy = (times: number): number => Math.min(50 * 2 ** Math.min(times, 6), 1_000);
// The client's own timer for a socket that does not close would keep a process alive for two seconds.
const shared = { retryStrategy, disconnectTimeout: 100 };

/** For callers that must not wait: a command fails at once while Redis is away, and soon where it stalls. */
export const connectFailFast = (url: string): Redis =>
  keepTrying(
    new Redis(url, {
      ...shared,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
    }),
  );

export interface PatientConnection {
  readonly redis: Redis;
  /** Waits for Redis no longer: what waits for it fails within about a second. */
  giveUp(): void;
}

/** For workers: a command waits until Redis is back. */
export function connectPatient(url: string): PatientConnection {
  let hasGivenUp = false;
  const redis = new Redis(url, {
    ...shared,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (hasGivenUp ? null : retryStrategy(times)),
  });
  return {
    redis: keepTrying(redis),
    giveUp: () => {
      hasGivenUp = true;
      // A client that is between two tries ends itself at the next one; disconnected, it would keep what waits for ever.
      if (redis.status === 'ready') redis.disconnect();
    },
  };
}

// The client reconnects by itself; without a listener each failed try would be printed.
function keepTrying(redis: Redis): Redis {
  redis.on('error', () => undefined);
  return redis;
}
