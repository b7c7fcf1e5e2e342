import { until } from '@socmate/testing';
import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { clockMs } from './clock-ms.ts';
import { watchMemory } from './measure.ts';
import {
  type BenchEndpoint,
  IN_FLIGHT,
  type NotifierSystem,
  startNotifierSystem,
} from './notifier-system.ts';
import { atLeast, atMost } from './targets.ts';

const SAMPLE = 20_000;

const LOAD = `WITH made AS (
    INSERT INTO event (id, type, cause_key, body)
    SELECT 'evt_' || $2 || lpad(n::text, 20, '0'), 'incident-alert', 'pending:' || $2 || n,
      convert_to('{"data":"' || repeat('d', 2020) || '"}', 'UTF8')
    FROM generate_series($3::int, $4::int) AS n RETURNING id)
  INSERT INTO delivery (id, event_id, endpoint_id) SELECT 'dlv_' || id, id, $1 FROM made`;
const LOAD_AT_ONCE = 50_000;

/** Pending deliveries as they stand after an outage of all notifiers. */
export async function loadPending(
  system: NotifierSystem,
  endpoint: BenchEndpoint,
  count: number,
): Promise<void> {
  for (let from = 1; from <= count; from += LOAD_AT_ONCE) {
    const to = Math.min(count, from + LOAD_AT_ONCE - 1);
    await system.database.query(LOAD, [endpoint.id, count, from, to]);
  }
  await system.database.query('ANALYZE');
}

/** Starts a notifier over so many pending deliveries, and takes the rate of some of them. */
async function drain(pending: number) {
  const system = await startNotifierSystem();
  try {
    const endpoint = await system.addEndpoint();
    const loadFrom = clockMs();
    await loadPending(system, endpoint, pending);
    const loadedS = (clockMs() - loadFrom) / 1_000;
    const startedAt = clockMs();
    const first = until('the first has come', async () => (await system.arrived()) > 0, {
      timeoutMs: 60_000,
      everyMs: 10,
    }).then(() => clockMs());
    await system.startNotifier();
    const readyAt = clockMs();
    const watch = watchMemory(system);
    const firstAt = await first;
    await until('a sample has come', async () => (await system.arrived()) >= SAMPLE, {
      timeoutMs: 120_000,
      everyMs: 50,
    });
    const { at } = await system.arrivals(endpoint);
    const [begin = 0, end = 0] = [at[SAMPLE / 4], at[SAMPLE - 1]];
    return {
      loadedS,
      readyS: (readyAt - startedAt) / 1_000,
      firstS: (firstAt - startedAt) / 1_000,
      perS: Math.round((SAMPLE * 0.75 * 1_000) / (end - begin)),
      peakMb: await watch.stop(),
    };
  } finally {
    await system.close();
  }
}

/** A million pending deliveries against as many as the sample has. */
export async function runPending({ isQuick, say }: BenchOptions): Promise<BenchResult> {
  const pending = isQuick ? 100_000 : 1_000_000;
  say(`F: ${pending} pending deliveries, the rate of ${SAMPLE} of them against an empty backlog`);
  const few = await drain(SAMPLE);
  const many = await drain(pending);
  const figures = {
    loaded_s: Math.round(many.loadedS),
    ready_s: Math.round(many.readyS * 10) / 10,
    first_delivery_s: Math.round(many.firstS * 10) / 10,
    deliveries_per_s: many.perS,
    deliveries_per_s_without_backlog: few.perS,
    share_of_rate_percent: Math.round((many.perS / few.perS) * 100),
    rss_mb_peak: many.peakMb,
  };
  const targets = [
    atMost(figures, 'first_delivery_s', 5),
    atMost(figures, 'rss_mb_peak', 400),
    atLeast(figures, 'share_of_rate_percent', 80),
  ];
  return { scenario: 'F', settings: { pending, sample: SAMPLE, in_flight: IN_FLIGHT }, figures, targets };
}
