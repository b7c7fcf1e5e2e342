import { until } from '@socmate/testing';
import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { watchProcessors } from '../machine.ts';
import { IN_FLIGHT, startNotifierSystem } from './notifier-system.ts';
import { loadPending } from './run-pending.ts';
import { atLeast } from './targets.ts';

/** Where the rate is taken: all replicas are at work, and none has run dry. */
const FROM = 0.3;
const TO = 0.9;
const TIMEOUT_MS = 120_000;
const LEAST_GAIN = 1.3;

/** How fast so many replicas together send a backlog that lay ready when they started. */
async function drain(replicas: number, deliveries: number) {
  const system = await startNotifierSystem();
  try {
    const endpoint = await system.addEndpoint();
    await loadPending(system, endpoint, deliveries);
    await Promise.all(Array.from({ length: replicas }, () => system.startNotifier()));
    const reached = (share: number) =>
      until(`${share} has come`, async () => (await system.arrived()) >= deliveries * share, {
        timeoutMs: TIMEOUT_MS,
        everyMs: 50,
      });
    await reached(FROM);
    const busySince = watchProcessors();
    await reached(TO);
    const busyPercent = busySince();
    await system.allDelivered(deliveries);
    const { at, counts } = await system.arrivals(endpoint);
    const times = at.toSorted((a, b) => a - b);
    const [begin = 0, end = 0] = [times[deliveries * FROM], times[deliveries * TO]];
    const perS = Math.round((deliveries * (TO - FROM) * 1_000) / (end - begin));
    return { perS, busyPercent, repeated: counts.filter((count) => count > 1).length };
  } finally {
    await system.close();
  }
}

/** Two replicas against one, over the same backlog for one endpoint. */
export async function runReplicas({ isQuick, say }: BenchOptions): Promise<BenchResult> {
  const deliveries = isQuick ? 20_000 : 60_000;
  say(`G: ${deliveries} pending deliveries, sent by one notifier and by two`);
  const one = await drain(1, deliveries);
  const two = await drain(2, deliveries);
  const figures = {
    deliveries_per_s_of_one: one.perS,
    deliveries_per_s_of_two: two.perS,
    gain: Math.round((two.perS / one.perS) * 100) / 100,
    processors_busy_percent_with_one: one.busyPercent,
    processors_busy_percent_with_two: two.busyPercent,
    repeated: one.repeated + two.repeated,
  };
  const targets = [
    atLeast(figures, 'gain', LEAST_GAIN),
    { target: 'repeated = 0', met: figures.repeated === 0 },
  ];
  return { scenario: 'G', settings: { deliveries, in_flight: IN_FLIGHT }, figures, targets };
}
