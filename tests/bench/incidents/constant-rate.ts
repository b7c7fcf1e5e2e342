import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';

export interface RateOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ratePerS: number;
  readonly seconds: number;
  /** The path of the n-th request. */
  readonly path: (position: number) => string;
}

export interface RateResult {
  readonly requests: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const CONNECTIONS = 64;

function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return Math.round(value * 100) / 100;
}

/**
 * Asks at a constant rate, whether answers come or not. A request's time counts from when it was due: those that
 * had to wait behind slow ones count what they waited.
 */
export async function askAtRate(options: RateOptions): Promise<RateResult> {
  const { url, headers, ratePerS, seconds, path } = options;
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
  const took: number[] = [];
  let failed = 0;
  const ask = async (position: number, dueAt: number): Promise<void> => {
    try {
      const { statusCode, body } = await pool.request({ method: 'GET', path: path(position), headers });
      await body.dump({ limit: 50_000_000 });
      if (statusCode !== 200) failed += 1;
    } catch {
      failed += 1;
    }
    took.push(performance.now() - dueAt);
  };
  const count = Math.round(ratePerS * seconds);
  const beganAt = performance.now();
  const asked: Promise<void>[] = [];
  for (let position = 0; position < count; position += 1) {
    const dueAt = beganAt + (position * 1_000) / ratePerS;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await delay(waitMs);
    asked.push(ask(position, dueAt));
  }
  await Promise.all(asked);
  await pool.close();
  const sorted = took.toSorted((a, b) => a - b);
  return {
    requests: count,
    failed,
    p50Ms: percentile(sorted, 0.5),
    p95Ms: percentile(sorted, 0.95),
    p99Ms: percentile(sorted, 0.99),
    maxMs: percentile(sorted, 1),
  };
}
