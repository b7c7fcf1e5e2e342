import type { Admission, Principal } from '@socmate/http';
import { AppError } from '@socmate/runtime';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';

const WINDOW_S = 60;
const REDIS_TIMEOUT_MS = 250;

export type CountingRedis = ConstructorParameters<typeof RateLimiterRedis>[0]['storeClient'];

export interface RateLimits {
  admit(principal: Principal): Promise<Admission>;
}

interface Limiters {
  readonly shared: RateLimiterAbstract;
  readonly local: RateLimiterAbstract;
}

/** Counts in Redis, for all gateways together; while Redis is away each gateway counts for itself. */
export function createRateLimits(storeClient: CountingRedis, keyPrefix: string): RateLimits {
  const byPoints = new Map<number, Limiters>();
  const limitersOf = (points: number): Limiters => {
    const options = { points, duration: WINDOW_S, keyPrefix };
    const limiters = byPoints.get(points) ?? {
      shared: new RateLimiterRedis({ ...options, storeClient, rejectIfRedisNotReady: true }),
      local: new RateLimiterMemory(options),
    };
    byPoints.set(points, limiters);
    return limiters;
  };
  return {
    admit: async ({ id, rateLimitPerMinute }) => {
      const { shared, local } = limitersOf(rateLimitPerMinute);
      const answer = await consume(shared, id).catch(() => consume(local, id));
      return toAdmission(rateLimitPerMinute, answer);
    },
  };
}

type Count = { readonly isOver: boolean; readonly res: RateLimiterRes };

async function consume(limiter: RateLimiterAbstract, id: string): Promise<Count> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timeout = setTimeout(() => reject(new Error('Redis did not answer in time')), REDIS_TIMEOUT_MS);
  });
  const counted = limiter.consume(id).then(
    (res) => ({ isOver: false, res }),
    (fault: unknown) => {
      if (fault instanceof RateLimiterRes) return { isOver: true, res: fault };
      throw fault;
    },
  );
  return Promise.race([counted, late]).finally(() => clearTimeout(timeout));
}

function toAdmission(limit: number, { isOver, res }: Count): Admission {
  const resetS = Math.max(1, Math.ceil(res.msBeforeNext / 1_000));
  const headers = {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(Math.max(0, res.remainingPoints)),
    'ratelimit-reset': String(resetS),
  };
  if (!isOver) return { headers };
  const message = `over the limit of ${limit} requests per minute; try again in ${resetS} s`;
  return { headers, refusal: new AppError('rate_limited', message, { retryAfterS: resetS }) };
}
