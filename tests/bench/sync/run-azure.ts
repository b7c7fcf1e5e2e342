import { type Receiver, until } from '@socmate/testing';
import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { percentile } from '../percentile.ts';
import { type CommittedPage, committedPages, outOfOrder } from './committed-pages.ts';
import { type SyncSystem, startSyncSystem } from './sync-system.ts';
import { type WatchedSync, watchSync } from './watch-sync.ts';

const TARGET_S = 300;
const TARGET_DELAY_MS = 10_000;
const TIMEOUT_MS = 400_000;
const ALERTS_TIMEOUT_MS = 60_000;
const RETRY_AFTER_MS = [1_000, 2_000, 3_000] as const;
const THROTTLED = 0.02;

/** Sentinel as slow as Azure, which refuses every fiftieth page; a real receiver gets every alert. */
export async function runAzure({ isQuick, flags, say }: BenchOptions): Promise<BenchResult> {
  const incidents = Number(flags['incidents'] ?? (isQuick ? 1_000 : 5_000));
  const settings = { incidents, seed: 7, latency: 'azure', throttled: THROTTLED, notifier: true };
  say(`azure: ${incidents} incidents, 150 ms a page, ${THROTTLED * 100} % answered 429`);
  const system = await startSyncSystem({ latency: 'azure', hasNotifier: true });
  try {
    const workspace = await system.tenant.addWorkspace('bench');
    await system.tenant.generate('bench', {
      incidents,
      seed: 7,
      severity: { High: 1, Medium: 3 },
      spread: 'PT24H',
    });
    await throttle(system);
    const watching = { wanted: incidents, timeoutMs: TIMEOUT_MS, say };
    const began = Date.now();
    const watched = await watchSync(system, () => system.connect(workspace), watching);
    await allAlerts(system.receiver, incidents);
    const struck = await refused(system);
    const judged = await judge(system, { watched, began });
    return { scenario: 'azure', settings, ...judged, figures: { ...judged.figures, refused_429: struck } };
  } finally {
    await system.close();
  }
}

async function throttle({ controlUrl }: SyncSystem): Promise<void> {
  for (const [seed, ms] of RETRY_AFTER_MS.entries()) {
    const rate = THROTTLED / RETRY_AFTER_MS.length;
    const body = JSON.stringify({ target: 'incidents', kind: '429', rate, ms, seed });
    const answer = await fetch(`${controlUrl}/faults`, { method: 'POST', body });
    if (!answer.ok) throw new Error(`no fault could be set: ${answer.status} ${await answer.text()}`);
  }
}

async function refused({ controlUrl }: SyncSystem): Promise<number> {
  const answer = await fetch(`${controlUrl}/faults`);
  const { faults } = (await answer.json()) as { faults: { struck: number }[] };
  return faults.reduce((sum, { struck }) => sum + struck, 0);
}

/** What has not come by then is told as missing. */
async function allAlerts(receiver: Receiver, wanted: number): Promise<void> {
  await until('every alert has come', () => receiver.accepted.size >= wanted, {
    timeoutMs: ALERTS_TIMEOUT_MS,
    everyMs: 100,
  }).catch(() => undefined);
}

interface Run {
  readonly watched: WatchedSync;
  readonly began: number;
}

async function judge(system: SyncSystem, { watched, began }: Run) {
  const pages = await committedPages(system.database);
  const seconds = ((pages.at(-1)?.at ?? Infinity) - began) / 1_000;
  const delays = alertDelays(pages, system.receiver);
  const events = pages.reduce((sum, page) => sum + page.incidents, 0);
  const disordered = outOfOrder(pages);
  const slowest = percentile(delays, 100);
  const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));
  const figures = {
    stored_s: Math.round(seconds * 100) / 100,
    pages: pages.length,
    pages_out_of_order: disordered,
    alerts_received: delays.length,
    alerts_missing: events - delays.length,
    delay_ms_p50: rounded(percentile(delays, 50)),
    delay_ms_p99: rounded(percentile(delays, 99)),
    delay_ms_max: rounded(slowest),
    ...watched.figures,
  };
  const targets = [
    { target: `stored_s <= ${TARGET_S}`, met: seconds <= TARGET_S },
    { target: 'pages_out_of_order = 0', met: disordered === 0 },
    {
      target: `every alert out within ${TARGET_DELAY_MS} ms of its commit`,
      met: delays.length === events && (slowest ?? Infinity) <= TARGET_DELAY_MS,
    },
  ];
  return { figures, targets };
}

/** From the commit of each event, by Postgres' clock, to its first receipt; both run on this machine. */
function alertDelays(pages: readonly CommittedPage[], receiver: Receiver): number[] {
  const received = new Map<string, number>();
  for (const { headers, at } of receiver.requests) {
    const id = String(headers['webhook-id']);
    if (!received.has(id)) received.set(id, at);
  }
  return pages.flatMap(({ at, eventIds }) =>
    eventIds.flatMap((id) => {
      const got = received.get(id);
      return got === undefined ? [] : [got - at];
    }),
  );
}
