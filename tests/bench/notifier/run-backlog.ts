import type { BenchOptions, BenchResult, Figures, Target } from '../benchmark.ts';
import { delayFigures, measure, received } from './measure.ts';
import {
  type BenchEndpoint,
  IN_FLIGHT,
  type NotifierSystem,
  startNotifierSystem,
} from './notifier-system.ts';
import { wholeTargets } from './targets.ts';

export const PER_TRANSACTION = 20;

export interface Backlog {
  readonly scenario: string;
  readonly events: number;
  readonly endpoints: number;
  readonly targets: (figures: Figures) => readonly Target[];
}

export async function addEndpoints(system: NotifierSystem, count: number): Promise<BenchEndpoint[]> {
  const endpoints: BenchEndpoint[] = [];
  for (let n = 0; n < count; n += 1) endpoints.push(await system.addEndpoint());
  return endpoints;
}

/** Connections, plans and compiled code are there before the clock starts. Answers how many deliveries it took. */
export async function warmUp(system: NotifierSystem, endpoints: number): Promise<number> {
  const events = Math.ceil(2_000 / endpoints);
  await system.publish({ events, perTransaction: PER_TRANSACTION });
  await system.allDelivered(events * endpoints);
  return events * endpoints;
}

/** Events published as fast as four connections go; from the first insert to the last arrival. */
export async function runBacklog(backlog: Backlog, { say }: BenchOptions): Promise<BenchResult> {
  const { scenario, events, targets } = backlog;
  say(`${scenario}: ${events} events to ${backlog.endpoints} endpoints`);
  const system = await startNotifierSystem();
  try {
    const endpoints = await addEndpoints(system, backlog.endpoints);
    await system.startNotifier();
    const before = await warmUp(system, endpoints.length);
    const deliveries = events * endpoints.length;
    const { result, figures, notes } = await measure(system, deliveries, async () => {
      const published = await system.publish({ events, perTransaction: PER_TRANSACTION });
      await system.allDelivered(before + deliveries);
      return published;
    });
    const firstAt = Math.min(...result.dueAt.slice(0, 100));
    const { delays, lastAt, lost, repeatedIds } = await received(system, endpoints, result, 'committedAt');
    const all = {
      deliveries_per_s: Math.round((deliveries * 1_000) / (lastAt - firstAt)),
      published_within_s: Math.round((result.committedAt.at(-1) ?? 0) - firstAt) / 1_000,
      ...delayFigures(delays),
      ...figures,
      lost,
      repeated: repeatedIds.length,
    };
    const settings = {
      events,
      endpoints: endpoints.length,
      per_transaction: PER_TRANSACTION,
      in_flight: IN_FLIGHT,
    };
    return { scenario, settings, figures: all, notes, targets: [...targets(all), ...wholeTargets(all)] };
  } finally {
    await system.close();
  }
}
