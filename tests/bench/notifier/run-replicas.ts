import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { measure, received } from './measure.ts';
import { IN_FLIGHT, startNotifierSystem } from './notifier-system.ts';
import { addEndpoints, PER_TRANSACTION } from './run-backlog.ts';
import { atLeast } from './targets.ts';

const ENDPOINTS = 4;

/** Deliveries a second out of a backlog that is there when so many notifiers begin with it. */
async function drainWith(replicas: number, events: number) {
  const system = await startNotifierSystem();
  try {
    for (let n = 0; n < replicas; n += 1) await system.startNotifier();
    const endpoints = await addEndpoints(system, ENDPOINTS);
    const deliveries = events * ENDPOINTS;
    await system.database.query('UPDATE webhook_endpoint SET rate_limit_per_second = 1');
    const { figures, result } = await measure(system, deliveries, async () => {
      const published = await system.publish({ events, perTransaction: PER_TRANSACTION, isSilent: true });
      await system.database.query('UPDATE webhook_endpoint SET rate_limit_per_second = NULL');
      await system.allDelivered(deliveries);
      return published;
    });
    const { lastAt, lost, repeatedIds } = await received(system, endpoints, result, 'committedAt');
    const from = Math.max(...result.committedAt.slice(-PER_TRANSACTION));
    const perS = Math.round((deliveries * 1_000) / (lastAt - from));
    return { perS, cpu: figures['cpu_s_per_1000'], wrong: lost + repeatedIds.length };
  } finally {
    await system.close();
  }
}

/** One notifier and two on the same backlog; held back by a rate of one a second until all of it is there. */
export async function runReplicas({ isQuick, say }: BenchOptions): Promise<BenchResult> {
  const events = isQuick ? 2_000 : 10_000;
  say(`replicas: ${events} events to ${ENDPOINTS} endpoints, by one notifier and by two`);
  const one = await drainWith(1, events);
  const two = await drainWith(2, events);
  const figures = {
    deliveries_per_s_of_one: one.perS,
    deliveries_per_s_of_two: two.perS,
    factor: Math.round((two.perS / one.perS) * 100) / 100,
    cpu_s_per_1000_of_one: one.cpu ?? null,
    cpu_s_per_1000_of_two: two.cpu ?? null,
    lost_or_repeated: one.wrong + two.wrong,
  };
  const settings = { events, endpoints: ENDPOINTS, in_flight: IN_FLIGHT };
  return { scenario: 'replicas', settings, figures, targets: [atLeast(figures, 'factor', 1.3)] };
}
