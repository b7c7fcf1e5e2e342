import type { Redis } from 'ioredis';
import { withinTime } from './within-time.ts';

export interface Quotas {
  readonly perMinute?: number;
  /** Days are UTC. */
  readonly perDay?: number;
}

/** `isTaken`: begin after `waitMs`, which nobody else has; else the wait is longer than the caller's patience. */
export interface Slot {
  readonly isTaken: boolean;
  readonly waitMs: number;
  readonly why: 'minute' | 'day' | 'blocked' | undefined;
}

/** Hands out the times at which something may begin, first come first served, to all replicas together. */
export interface Governor {
  take(name: string, quotas: Quotas, patienceMs: number): Promise<Slot>;
  /** Nothing of that name begins for so long. */
  block(name: string, forMs: number): Promise<void>;
  blockedMs(name: string): Promise<number>;
}

const TIMEOUT_MS = 250;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local blocked = tonumber(redis.call('HGET', KEYS[1], 'blocked') or '0')`;

// The list holds the last begins, newest first, so that no minute ever holds more than its quota.
const TAKE = `${NOW}
local per_minute, per_day, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local day, at, why = math.floor(now / 86400000), now, ''
if blocked > at then at, why = blocked, 'blocked' end
local state = redis.call('HMGET', KEYS[1], 'day', 'used')
local used = tonumber(state[1] or '-1') == day and tonumber(state[2]) or 0
if per_day > 0 and used >= per_day and (day + 1) * 86400000 > at then at, why = (day + 1) * 86400000, 'day' end
if per_minute > 0 then
  local newest = tonumber(redis.call('LINDEX', KEYS[2], 0) or '0')
  local oldest = tonumber(redis.call('LINDEX', KEYS[2], per_minute - 1) or '0')
  if math.max(newest, oldest + 60000) > at and oldest > 0 then at, why = math.max(newest, oldest + 60000), 'minute' end
  if newest > at then at = newest end
end
if at - now > patience then return { 0, at - now, why } end
redis.call('HSET', KEYS[1], 'day', day, 'used', used + 1)
redis.call('PEXPIRE', KEYS[1], math.max(172800000, blocked - now))
if per_minute > 0 then
  redis.call('LPUSH', KEYS[2], at)
  redis.call('LTRIM', KEYS[2], 0, per_minute - 1)
  redis.call('PEXPIRE', KEYS[2], at - now + 61000)
end
return { 1, at - now, why }`;

const BLOCK = `${NOW}
redis.call('HSET', KEYS[1], 'blocked', math.max(blocked, now + tonumber(ARGV[1])))
redis.call('PEXPIRE', KEYS[1], 172800000)
return 0`;

const BLOCKED = `${NOW}
return math.max(0, blocked - now)`;

type Taken = [isTaken: number, waitMs: number, why: NonNullable<Slot['why']> | ''];

export function createGovernor(redis: Redis, prefix: string): Governor {
  const run = (script: string, name: string, args: readonly number[]): Promise<unknown> => {
    const keys = [`${prefix}:governor:${name}`, `${prefix}:governor:${name}:begins`];
    return withinTime(redis.eval(script, keys.length, ...keys, ...args), TIMEOUT_MS);
  };
  return {
    take: async (name, { perMinute = 0, perDay = 0 }, patienceMs) => {
      const answer = await run(TAKE, name, [perMinute, perDay, Math.floor(patienceMs)]);
      const [isTaken, waitMs, why] = answer as Taken;
      return { isTaken: isTaken === 1, waitMs, why: why === '' ? undefined : why };
    },
    block: async (name, forMs) => {
      await run(BLOCK, name, [Math.ceil(forMs)]);
    },
    blockedMs: async (name) => Number(await run(BLOCKED, name, [])),
  };
}
