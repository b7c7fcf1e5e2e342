import type { Redis } from 'ioredis';
import { withinTime } from './within-time.ts';

/** Short-lived texts that all replicas share; every call rejects soon while Redis is away. */
export interface SharedStore {
  /** In the order of the keys. */
  read(keys: readonly string[]): Promise<(string | undefined)[]>;
  write(key: string, text: string, ttlMs: number): Promise<void>;
  /** Takes a claim, or answers with the token of who holds it. */
  claim(key: string, token: string, ttlMs: number): Promise<string | undefined>;
  /** Holds a claim for so much longer, unless it has become another's. */
  renew(key: string, token: string, ttlMs: number): Promise<void>;
  /** Gives up a claim, unless it has become another's. */
  release(key: string, token: string): Promise<void>;
}

const TIMEOUT_MS = 250;

const RENEW = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

export function createSharedStore(redis: Redis, prefix: string): SharedStore {
  const named = (key: string): string => `${prefix}:shared:${key}`;
  return {
    read: async (keys) => {
      if (keys.length === 0) return [];
      const texts = await withinTime(redis.mget(keys.map(named)), TIMEOUT_MS);
      return texts.map((text) => text ?? undefined);
    },
    write: async (key, text, ttlMs) => {
      if (ttlMs > 0) await withinTime(redis.set(named(key), text, 'PX', Math.ceil(ttlMs)), TIMEOUT_MS);
    },
    claim: async (key, token, ttlMs) => {
      const claimed = redis.set(named(key), token, 'PX', Math.ceil(ttlMs), 'NX', 'GET');
      return (await withinTime(claimed, TIMEOUT_MS)) ?? undefined;
    },
    renew: async (key, token, ttlMs) => {
      await withinTime(redis.eval(RENEW, 1, named(key), token, Math.ceil(ttlMs)), TIMEOUT_MS);
    },
    release: async (key, token) => {
      await withinTime(redis.eval(RELEASE, 1, named(key), token), TIMEOUT_MS);
    },
  };
}
