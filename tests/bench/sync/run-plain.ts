import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { type CommittedPage, committedPages } from './committed-pages.ts';
import { type SyncSystem, startSyncSystem } from './sync-system.ts';
import { type WatchedSync, watchSync } from './watch-sync.ts';

const TARGET_PER_S = 500;
const TARGET_MB = 350;
const FLAT_MB = 50;
const TARGET_STATEMENTS = 12;
const TIMEOUT_MS = 420_000;

/** As fast as it goes: every incident alerts, and one endpoint gets a delivery of each. */
export async function runPlain({ isQuick, flags, say }: BenchOptions): Promise<BenchResult> {
  const incidents = Number(flags['incidents'] ?? (isQuick ? 4_000 : 20_000));
  const hasNotifier = flags['notifier'] === 'on';
  const settings = {
    incidents,
    seed: 7,
    severity: { High: 1, Medium: 3 },
    latency: 'none',
    notifier: hasNotifier,
  };
  say(`plain: ${incidents} incidents, every one alerts, notifier ${hasNotifier ? 'running' : 'not running'}`);
  const system = await startSyncSystem({ latency: 'none', hasNotifier });
  try {
    const workspace = await system.tenant.addWorkspace('bench');
    const { seed, severity } = settings;
    await system.tenant.generate('bench', { incidents, seed, severity, spread: 'PT24H' });
    const watching = { wanted: incidents, timeoutMs: TIMEOUT_MS, say };
    const watched = await watchSync(system, () => system.connect(workspace), watching);
    return { scenario: 'plain', settings, ...(await judge(system, incidents, watched)) };
  } finally {
    await system.close();
  }
}

async function judge(system: SyncSystem, incidents: number, watched: WatchedSync) {
  const pages = await committedPages(system.database);
  const [first, last] = [pages[0], pages.at(-1)];
  const seconds = ((last?.at ?? 0) - (first?.at ?? 0)) / 1_000;
  const perS = (incidents - (first?.incidents ?? 0)) / seconds;
  const calls = watched.statements.reduce((sum, { calls: count }) => sum + count, 0);
  const perPage = calls / pages.length;
  const known = watched.rssMb.filter((mb) => mb !== null);
  const peak = Number(watched.figures['rss_mb_peak']);
  const growth = (known.at(-1) ?? 0) - (known[0] ?? 0);
  const figures = {
    incidents_per_s: Math.round(perS),
    seconds: Math.round(seconds * 100) / 100,
    ...quarterRates(pages),
    pages: pages.length,
    sql_per_page: Math.round(perPage * 100) / 100,
    ...watched.figures,
  };
  const targets = [
    { target: `incidents_per_s >= ${TARGET_PER_S}`, met: perS >= TARGET_PER_S },
    { target: `rss_mb_peak <= ${TARGET_MB}`, met: known.length > 0 && peak <= TARGET_MB },
    { target: `rss_mb_at_100 - rss_mb_at_25 <= ${FLAT_MB}`, met: known.length > 0 && growth <= FLAT_MB },
    { target: `sql_per_page <= ${TARGET_STATEMENTS}`, met: perPage <= TARGET_STATEMENTS },
  ];
  const notes = watched.statements
    .filter(({ calls: count }) => count >= pages.length / 20)
    .map(({ calls: count, ms, statement }) => `${count} calls, ${ms} ms: ${statement}`);
  return { figures, targets, notes };
}

/** Whether it slows down as the table grows. */
function quarterRates(pages: readonly CommittedPage[]): Record<string, number> {
  const size = Math.floor(pages.length / 4);
  const rates = [1, 2, 3, 4].map((quarter): [string, number] => {
    const part = pages.slice(Math.max(0, (quarter - 1) * size - 1), quarter * size);
    const incidents = part.slice(1).reduce((sum, page) => sum + page.incidents, 0);
    const ms = (part.at(-1)?.at ?? 0) - (part[0]?.at ?? 0);
    return [`incidents_per_s_quarter_${quarter}`, Math.round((incidents * 1_000) / ms)];
  });
  return Object.fromEntries(rates);
}
