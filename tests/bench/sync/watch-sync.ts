import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from '../benchmark.ts';
import { cpuSeconds, residentMb } from '../process-usage.ts';
import { resetStatementCounts, type StatementCount, statementCounts } from '../statement-counts.ts';
import { SYNC_ROLE, type SyncSystem } from './sync-system.ts';

const LOOK_EVERY_MS = 100;
const QUARTERS = [25, 50, 75, 100] as const;

export interface WatchedSync {
  readonly figures: Figures;
  readonly statements: readonly StatementCount[];
  readonly rssMb: readonly (number | null)[];
}

export interface Watching {
  readonly wanted: number;
  readonly timeoutMs: number;
  readonly say: (text: string) => void;
}

/** From now until so many incidents are stored with their events: memory, processor time and statements. */
export async function watchSync(
  system: SyncSystem,
  begin: () => Promise<unknown>,
  { wanted, timeoutMs, say }: Watching,
): Promise<WatchedSync> {
  await resetStatementCounts(system.database);
  const before = usage(system);
  const start = performance.now();
  await begin();
  const rssMb: (number | null)[] = [];
  let peak = 0;
  for (let stored = 0; stored < wanted; ) {
    stored = await countEvents(system);
    const now = residentMb(system.pids['sentinel_sync'] ?? 0);
    peak = Math.max(peak, now ?? 0);
    while (rssMb.length < QUARTERS.length && stored >= (wanted * (QUARTERS[rssMb.length] ?? 0)) / 100) {
      say(`  ${QUARTERS[rssMb.length]} %: ${stored} stored, sentinel-sync has ${now} MB`);
      rssMb.push(now);
    }
    if (performance.now() - start > timeoutMs)
      throw new Error(`${stored} of ${wanted} incidents were stored after ${timeoutMs / 1_000} s`);
    if (stored < wanted) await delay(LOOK_EVERY_MS);
  }
  const statements = await statementCounts(system.database, SYNC_ROLE);
  const after = usage(system);
  const cpu = Object.keys(before).map((name) => [`cpu_s_${name}`, difference(after[name], before[name])]);
  const memory = QUARTERS.map((quarter, position) => [`rss_mb_at_${quarter}`, rssMb[position] ?? null]);
  const figures = { ...Object.fromEntries(memory), rss_mb_peak: peak || null, ...Object.fromEntries(cpu) };
  return { figures, statements, rssMb };
}

async function countEvents({ database }: SyncSystem): Promise<number> {
  const { rows } = await database.query<{ count: string }>('SELECT count(*) FROM event');
  return Number(rows[0]?.count);
}

type Usage = Readonly<Record<string, number | null>>;

const usage = ({ pids }: SyncSystem): Usage =>
  Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)]));

const difference = (after: number | null = null, before: number | null = null): number | null =>
  after === null || before === null ? null : Math.round((after - before) * 100) / 100;
