import { until } from '@socmate/testing';
import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { clockMs } from './clock-ms.ts';
import { received } from './measure.ts';
import { IN_FLIGHT, type NotifierSystem, startNotifierSystem } from './notifier-system.ts';
import { PER_TRANSACTION, warmUp } from './run-backlog.ts';
import { atMost } from './targets.ts';

const WHOLE_WITHIN_S = 5;
const SLICE_MS = 250;
const WHOLE_SHARE = 0.8;

/** What had come and was not stored as attempted: it may come again. */
async function unsettled(system: NotifierSystem, arrived: readonly string[]): Promise<Set<string>> {
  const { rows } = await system.database.query<{ id: string }>(
    `SELECT event_id AS id FROM delivery WHERE status = 'pending' AND event_id = ANY ($1)`,
    [arrived],
  );
  return new Set(rows.map(({ id }) => id));
}

/** How long after a moment so many arrivals come within a quarter of a second again; null where they never do. */
function wholeAfterMs(at: readonly number[], since: number, wanted: number): number | null {
  const times = at.filter((time) => time > since).toSorted((a, b) => a - b);
  const first = times.findIndex((time, index) => (times[index + wanted] ?? Infinity) - time <= SLICE_MS);
  const whole = times[first];
  return whole === undefined ? null : whole - since;
}

/** Kills the notifier when half of a backlog has come, and starts it again at once. */
export async function runKill({ isQuick, say }: BenchOptions): Promise<BenchResult> {
  const events = isQuick ? 5_000 : 20_000;
  say(`E: ${events} events to 1 endpoint, kill -9 at half`);
  const system = await startNotifierSystem();
  try {
    const endpoint = await system.addEndpoint();
    const notifier = await system.startNotifier();
    const before = await warmUp(system, 1);
    const beganAt = clockMs();
    const publishing = system.publish({ events, perTransaction: PER_TRANSACTION });
    const isHalf = async (): Promise<boolean> => (await system.arrived()) - before >= events / 2;
    await until('half has come', isHalf, { timeoutMs: 60_000, everyMs: 5 });
    await notifier.kill('SIGKILL');
    const killedAt = clockMs();
    const { ids } = await system.arrivals(endpoint);
    const mayRepeat = await unsettled(system, ids);
    const restarting = notifier.restart();
    const published = await publishing;
    await restarting;
    await system.allDelivered(before + events);
    const { lost, repeatedIds } = await received(system, [endpoint], published, 'committedAt');
    const { at } = await system.arrivals(endpoint);
    const perMs = events / 2 / (killedAt - beganAt);
    const wholeMs = wholeAfterMs(at, killedAt, Math.floor(perMs * SLICE_MS * WHOLE_SHARE));
    const unexplained = repeatedIds.filter((id) => !mayRepeat.has(id)).length;
    const figures = {
      deliveries_per_s_before: Math.round(perMs * 1_000),
      whole_after_s: wholeMs === null ? null : Math.round(wholeMs) / 1_000,
      in_flight_at_kill: mayRepeat.size,
      lost,
      repeated: repeatedIds.length,
      repeated_not_in_flight: unexplained,
    };
    const targets = [
      { target: 'lost = 0', met: lost === 0 },
      { target: 'repeated only what was in flight', met: unexplained === 0 },
      atMost(figures, 'whole_after_s', WHOLE_WITHIN_S),
    ];
    const notes = [`whole: ${WHOLE_SHARE * 100} % of the rate before the kill, within ${SLICE_MS} ms`];
    return { scenario: 'E', settings: { events, in_flight: IN_FLIGHT }, figures, targets, notes };
  } finally {
    await system.close();
  }
}
