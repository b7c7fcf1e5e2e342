import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { delayFigures, measure, received } from './measure.ts';
import { IN_FLIGHT, type NotifierSystem, startNotifierSystem } from './notifier-system.ts';
import { addEndpoints } from './run-backlog.ts';
import { atMost, wholeTargets } from './targets.ts';

// What runs for hours is compiled: measured cold, each figure would be the compiler's.
const WARM_UP_S = 20;
const WARM_UP_DELIVERIES_PER_S = 500;

export interface Rate {
  readonly scenario: string;
  readonly eventsPerS: number;
  readonly perTransaction: number;
  readonly seconds: number;
  /** Endpoints that answer, and those that never do; each event goes to all of them. */
  readonly healthy: number;
  readonly hanging: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function publishFor(system: NotifierSystem, rate: Rate, before: number) {
  const { eventsPerS, perTransaction, seconds, healthy } = rate;
  const events = Math.round(eventsPerS * seconds);
  const published = await system.publish({ events, perTransaction, eventsPerS });
  const arrived = before + events * healthy;
  await system.allDelivered(arrived);
  return { published, arrived };
}

/** One event at a time, as most come: a backlog warms up other code. */
function warmUpAtRate(system: NotifierSystem, rate: Rate) {
  const eventsPerS = WARM_UP_DELIVERIES_PER_S / rate.healthy;
  return publishFor(system, { ...rate, eventsPerS, perTransaction: 1, seconds: WARM_UP_S }, 0);
}

/**
 * Events at a constant rate, whether deliveries keep up or not; the delay of a delivery counts from when its event
 * was due to be published.
 */
export async function runRate(rate: Rate, { say }: BenchOptions): Promise<BenchResult> {
  const { scenario, eventsPerS, perTransaction, seconds, healthy, hanging, p50Ms, p99Ms } = rate;
  say(`${scenario}: ${eventsPerS} events/s for ${seconds} s, ${perTransaction} a transaction`);
  const system = await startNotifierSystem();
  try {
    const endpoints = await addEndpoints(system, healthy);
    for (let n = 0; n < hanging; n += 1) await system.addEndpoint('hang');
    await system.startNotifier();
    const warm = await warmUpAtRate(system, rate);
    const deliveries = Math.round(eventsPerS * seconds) * healthy;
    const work = () => publishFor(system, rate, warm.arrived);
    const { result, figures, notes } = await measure(system, deliveries, work);
    const { delays, lost, repeatedIds } = await received(system, endpoints, result.published, 'dueAt');
    const all = { deliveries, ...delayFigures(delays), ...figures, lost, repeated: repeatedIds.length };
    const settings = { eventsPerS, perTransaction, seconds, healthy, hanging, in_flight: IN_FLIGHT };
    const delayTargets = [atMost(all, 'delay_ms_p50', p50Ms), atMost(all, 'delay_ms_p99', p99Ms)];
    return { scenario, settings, figures: all, notes, targets: [...delayTargets, ...wholeTargets(all)] };
  } finally {
    await system.close();
  }
}
