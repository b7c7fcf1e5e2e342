import { createRecoveries } from '@socmate/database';
import { until } from '@socmate/testing';
import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { delayFigures, received, watchMemory } from './measure.ts';
import {
  type BenchEndpoint,
  IN_FLIGHT,
  type NotifierSystem,
  startNotifierSystem,
} from './notifier-system.ts';
import { warmUp } from './run-backlog.ts';
import { atMost, wholeTargets } from './targets.ts';

const LIVE_PER_S = 100;
const LIVE_S = 10;
const RECOVERY = 'rec_bench';
const TIMEOUT_MS = 120_000;

/** Events that nobody was enabled for, and a recovery that brings them to the endpoint. */
async function missAndRecover(system: NotifierSystem, { id }: BenchEndpoint, events: number): Promise<void> {
  const { database } = system;
  const since = new Date();
  await database.query('UPDATE webhook_endpoint SET enabled = false');
  await system.publish({ events, perTransaction: 100, isSilent: true });
  await database.query('UPDATE webhook_endpoint SET enabled = true');
  const recoveries = createRecoveries(database);
  const settings = { endpointId: id, mode: 'since', since, createdBy: 'bench' } as const;
  await recoveries.create({ id: RECOVERY, ...settings });
  await recoveries.begin(RECOVERY);
}

async function recoveredAt({ database }: NotifierSystem): Promise<number> {
  const text = `SELECT completed_at FROM recovery WHERE id = $1 AND status = 'completed'`;
  const read = async (): Promise<Date | undefined> =>
    (await database.query(text, [RECOVERY])).rows[0]?.completed_at;
  const at = await until('the recovery is over', read, { timeoutMs: TIMEOUT_MS, everyMs: 50 });
  return at.getTime();
}

/** What is live while an endpoint gets what it missed. */
export async function runRecovery({ isQuick, say }: BenchOptions): Promise<BenchResult> {
  const missed = isQuick ? 10_000 : 40_000;
  say(`H: ${LIVE_PER_S} events/s while a recovery brings ${missed}`);
  const system = await startNotifierSystem();
  try {
    const endpoint = await system.addEndpoint();
    await system.startNotifier();
    const warm = await warmUp(system, 1);
    const watch = watchMemory(system);
    const startedAt = Date.now();
    await missAndRecover(system, endpoint, missed);
    const begunAt = Date.now();
    const live = await system.publish({
      events: LIVE_PER_S * LIVE_S,
      perTransaction: 1,
      eventsPerS: LIVE_PER_S,
    });
    const endedAt = await recoveredAt(system);
    await system.allDelivered(warm + missed + live.ids.length);
    const during = live.ids.map((_id, index) => index).filter((index) => live.dueAt[index]! < endedAt);
    const pick = <T>(all: readonly T[]): T[] => during.map((index) => all[index]!);
    const published = {
      ids: pick(live.ids),
      dueAt: pick(live.dueAt),
      committedAt: pick(live.committedAt),
    };
    const { delays, lost, repeatedIds } = await received(system, [endpoint], published, 'dueAt');
    const figures = {
      published_s: (begunAt - startedAt) / 1_000,
      recovery_s: Math.round((endedAt - begunAt) / 100) / 10,
      recovered_per_s: Math.round((missed * 1_000) / (endedAt - begunAt)),
      live_during_recovery: published.ids.length,
      ...delayFigures(delays),
      rss_mb_peak: await watch.stop(),
      lost,
      repeated: repeatedIds.length,
    };
    const settings = { missed, live_per_s: LIVE_PER_S, in_flight: IN_FLIGHT };
    const targets = [atMost(figures, 'delay_ms_p99', 1_000), ...wholeTargets(figures)];
    return { scenario: 'H', settings, figures, targets };
  } finally {
    await system.close();
  }
}
