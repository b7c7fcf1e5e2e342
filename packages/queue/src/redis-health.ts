import { connectFailFast } from './connection.ts';

export interface RedisHealth {
  /** Rejects while Redis does not answer. */
  check(): Promise<unknown>;
  close(): void;
}

export function startRedisHealth(url: string): RedisHealth {
  const redis = connectFailFast(url);
  return { check: () => redis.ping(), close: () => redis.disconnect() };
}
