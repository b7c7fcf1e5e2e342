import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from '../benchmark.ts';
import { percentile } from '../percentile.ts';
import { cpuSeconds, residentMb } from '../process-usage.ts';
import { statementCounts } from '../statement-counts.ts';
import { type BenchEndpoint, NOTIFIER_ROLE, type NotifierSystem, PUBLISHER_ROLE } from './notifier-system.ts';
import type { Published } from './publisher-process.ts';
import { redisCommands } from './redis-commands.ts';

const LOOK_EVERY_MS = 100;

const rounded = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** p50, p95, p99 and the largest, in milliseconds. */
export function delayFigures(delays: readonly number[]) {
  const at = (percent: number): number | null => {
    const ms = percentile(delays, percent);
    return ms === null ? null : rounded(ms, 1);
  };
  return { delay_ms_p50: at(50), delay_ms_p95: at(95), delay_ms_p99: at(99), delay_ms_max: at(100) };
}

export interface Received {
  /** From the given moments to the arrivals, in milliseconds; of what came. */
  readonly delays: readonly number[];
  readonly lastAt: number;
  readonly lost: number;
  readonly repeatedIds: readonly string[];
}

/** Compares what was published with what came to every endpoint, id by id. */
export async function received(
  system: NotifierSystem,
  endpoints: readonly BenchEndpoint[],
  published: Published,
  since: 'dueAt' | 'committedAt',
): Promise<Received> {
  const delays: number[] = [];
  const repeatedIds: string[] = [];
  let lastAt = 0;
  for (const endpoint of endpoints) {
    const { ids, at, counts } = await system.arrivals(endpoint);
    const arrivedAt = new Map(ids.map((id, index) => [id, at[index] as number]));
    for (const [index, id] of published.ids.entries()) {
      const arrived = arrivedAt.get(id);
      if (arrived !== undefined) delays.push(Math.max(0, arrived - (published[since][index] as number)));
    }
    lastAt = at.reduce((latest, one) => Math.max(latest, one), lastAt);
    repeatedIds.push(...ids.filter((_id, index) => (counts[index] as number) > 1));
  }
  return { delays, lastAt, lost: published.ids.length * endpoints.length - delays.length, repeatedIds };
}

const CALLS = `SELECT COALESCE(sum(calls), 0)::int AS calls FROM pg_stat_statements
  JOIN pg_roles ON pg_roles.oid = userid WHERE rolname = $1`;

async function readings({ database, redisUrl, pids, notifiers }: NotifierSystem) {
  const calls = async (role: string): Promise<number> => (await database.query(CALLS, [role])).rows[0].calls;
  return {
    notifierS: notifiers.reduce((sum, { pid }) => sum + (cpuSeconds(pid) ?? 0), 0),
    postgresS: cpuSeconds(pids.postgres) ?? 0,
    redisS: cpuSeconds(pids.redis) ?? 0,
    sql: await calls(NOTIFIER_ROLE),
    publisherSql: await calls(PUBLISHER_ROLE),
    redis: await redisCommands(redisUrl),
  };
}

type Readings = Awaited<ReturnType<typeof readings>>;

function costs(before: Readings, after: Readings, deliveries: number) {
  const notifier = after.notifierS - before.notifierS;
  const postgres = after.postgresS - before.postgresS;
  const redis = after.redisS - before.redisS;
  const per = (count: number): number => rounded(count / deliveries, 3);
  return {
    cpu_s_notifier: rounded(notifier),
    cpu_s_postgres: rounded(postgres),
    cpu_s_redis: rounded(redis),
    cpu_s_per_1000: per((notifier + postgres + redis) * 1_000),
    sql_per_delivery: per(after.sql - before.sql),
    sql_per_delivery_of_publisher: per(after.publisherSql - before.publisherSql),
    redis_per_delivery: per(after.redis.sent - before.redis.sent),
    redis_per_delivery_with_scripts: per(after.redis.all - before.redis.all),
  };
}

export interface Measured<T> {
  readonly result: T;
  readonly figures: Figures;
  /** The notifier's most frequent statements. */
  readonly notes: readonly string[];
}

/** What some work cost: processor time of sender, Postgres and Redis (inserts included), statements, memory. */
export async function measure<T>(
  system: NotifierSystem,
  deliveries: number,
  work: () => Promise<T>,
): Promise<Measured<T>> {
  await system.database.query('SELECT pg_stat_statements_reset()');
  const before = await readings(system);
  const watch = watchMemory(system);
  const result = await work();
  const figures = { ...costs(before, await readings(system), deliveries), rss_mb_peak: await watch.stop() };
  const statements = (await statementCounts(system.database, NOTIFIER_ROLE)).slice(0, 8);
  const notes = statements.map(({ calls, ms, statement }) => `${calls} calls, ${ms} ms: ${statement}`);
  return { result, figures, notes };
}

/** The most that any notifier had at once. */
export function watchMemory({ notifiers }: Pick<NotifierSystem, 'notifiers'>) {
  let peak = 0;
  const stopped = new AbortController();
  const look = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      for (const { pid } of notifiers) peak = Math.max(peak, residentMb(pid) ?? 0);
      await delay(LOOK_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const looking = look();
  return {
    stop: async (): Promise<number> => {
      stopped.abort();
      await looking;
      return peak;
    },
  };
}
