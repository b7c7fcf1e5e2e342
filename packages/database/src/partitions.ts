import { z } from 'zod';
import { type Pool, rows, transaction } from './pool.ts';

const MONTHS_AHEAD = 3;
const LOCK = 72_707_370;
/** Whoever writes to the table waits behind an upkeep that waits for a long question. */
const LOCK_WAIT = '2s';

/** Append-only tables, partitioned by month on a time. */
const PARTITIONED = [
  { table: 'delivery_attempt', key: 'started_at' },
  { table: 'audit_log', key: 'at' },
] as const;

const ENSURE = `SELECT ensure_month_partitions($1::regclass, $2, current_date, $3) AS made`;

const OF_TABLE = `SELECT c.relname AS name FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
  WHERE i.inhparent = $1::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'`;

export interface PartitionUpkeep {
  readonly made: number;
  readonly dropped: readonly string[];
}

/** Whether all of a partition's rows are older than the retention, both in whole months and UTC. */
export function isPastRetention(partition: string, retentionDays: number, now: Date): boolean {
  const [year, month] = partition.split('_').slice(-2).map(Number);
  if (year === undefined || month === undefined) return false;
  return Date.UTC(year, month, 1) < now.getTime() - retentionDays * 86_400_000;
}

/**
 * Makes this month's and the next three months' partitions, and drops those past their retention. All or nothing:
 * throws where others keep a table locked, and has then changed nothing.
 */
export async function keepPartitions(
  pool: Pool,
  retentionDays: Record<(typeof PARTITIONED)[number]['table'], number>,
  now: Date,
): Promise<PartitionUpkeep> {
  return transaction(pool, async (db) => {
    await db.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await db.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
    let made = 0;
    const dropped: string[] = [];
    for (const { table, key } of PARTITIONED) {
      const [row] = await rows(db, z.object({ made: z.int() }), {
        text: ENSURE,
        values: [table, key, MONTHS_AHEAD + 1],
      });
      made += row?.made ?? 0;
      const partitions = await rows(db, z.object({ name: z.string() }), { text: OF_TABLE, values: [table] });
      for (const { name } of partitions) {
        if (!isPastRetention(name, retentionDays[table], now)) continue;
        await db.query(`DROP TABLE ${name}`);
        dropped.push(name);
      }
    }
    return { made, dropped };
  });
}
