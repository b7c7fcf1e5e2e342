import type { BenchOptions, BenchResult, Figures } from '../benchmark.ts';
import { runBacklog } from './run-backlog.ts';
import { runCeiling } from './run-ceiling.ts';
import { runKill } from './run-kill.ts';
import { runPending } from './run-pending.ts';
import { type Rate, runRate } from './run-rate.ts';
import { runRecovery } from './run-recovery.ts';
import { runReplicas } from './run-replicas.ts';
import { atLeast, atMost } from './targets.ts';

type Scenario = (options: BenchOptions) => Promise<BenchResult>;

const backlogOfOne: Scenario = (options) =>
  runBacklog(
    {
      scenario: 'A',
      events: options.isQuick ? 5_000 : 20_000,
      endpoints: 1,
      targets: (figures: Figures) => [
        atLeast(figures, 'deliveries_per_s', 4_000),
        atMost(figures, 'cpu_s_per_1000', 0.4),
        atMost(figures, 'sql_per_delivery', 0.2),
        atMost(figures, 'redis_per_delivery', 1),
      ],
    },
    options,
  );

const backlogOfMany: Scenario = (options) =>
  runBacklog(
    {
      scenario: 'C',
      events: options.isQuick ? 250 : 1_000,
      endpoints: 20,
      targets: (figures: Figures) => [
        atLeast(figures, 'deliveries_per_s', 5_500),
        atMost(figures, 'cpu_s_per_1000', 0.3),
      ],
    },
    options,
  );

const alone = { perTransaction: 1, healthy: 1, hanging: 0 };

const atRate =
  (rate: Omit<Rate, 'seconds'>, seconds: number): Scenario =>
  (options) =>
    runRate({ ...rate, seconds: options.isQuick ? 8 : seconds }, options);

const scenarios: Readonly<Record<string, Scenario>> = {
  A: backlogOfOne,
  B100: atRate({ ...alone, scenario: 'B100', eventsPerS: 100, p50Ms: 6, p99Ms: 10 }, 30),
  B300: atRate({ ...alone, scenario: 'B300', eventsPerS: 300, p50Ms: 5, p99Ms: 20 }, 30),
  B1000x1: atRate({ ...alone, scenario: 'B1000x1', eventsPerS: 1_000, p50Ms: 10, p99Ms: 250 }, 20),
  B1000x10: atRate(
    { ...alone, scenario: 'B1000x10', eventsPerS: 1_000, perTransaction: 10, p50Ms: 8, p99Ms: 25 },
    20,
  ),
  C: backlogOfMany,
  D: atRate(
    { scenario: 'D', eventsPerS: 100, perTransaction: 1, healthy: 18, hanging: 2, p50Ms: 12, p99Ms: 130 },
    30,
  ),
  E: runKill,
  F: runPending,
  G: runReplicas,
  H: runRecovery,
  ceiling: runCeiling,
};

/** How many events a second reach their receivers, how soon, at which cost, and whether any is lost. */
export async function runNotifier(options: BenchOptions): Promise<readonly BenchResult[]> {
  const names = Object.keys(scenarios);
  const unknown = options.scenarios.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`notifier has no scenario "${unknown}": it has ${names.join(', ')}`);
  const results: BenchResult[] = [];
  for (const [name, run] of Object.entries(scenarios)) {
    if (options.scenarios.length > 0 && !options.scenarios.includes(name)) continue;
    results.push(await run(options));
  }
  return results;
}
