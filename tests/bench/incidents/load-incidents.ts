import { aProvider, requireEnv } from '@socmate/testing';
import pg from 'pg';
import { FUNCTIONS, INSERT } from './incident-seed.ts';

const BATCH = 2_000;
const WRITERS = 2;
/** The default list looks at the last seven days: data that is older than this would leave it less. */
const KEPT_MS = 12 * 3_600_000;

interface Index {
  readonly name: string;
  readonly definition: string;
}

export interface LoadedDatabase {
  readonly url: string;
  readonly loadS: number | null;
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

async function withPool<T>(url: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: url, max: WRITERS, options: '-c synchronous_commit=off' });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

const INDEXES = `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
  WHERE tablename = 'incident' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)`;

/** Secondary indexes are made over the whole, which takes a tenth of the time. */
async function insertAll(pool: pg.Pool, size: number, say: (text: string) => void): Promise<void> {
  await pool.query(FUNCTIONS);
  const names = ['prod-sentinel', 'eu-sentinel', 'lab-sentinel'];
  const providers: string[] = [];
  for (const [position, name] of names.entries()) {
    const columns = { name, is_default: position === 0, last_synced_at: new Date() };
    providers.push((await aProvider(pool, columns)).id);
  }
  const { rows: indexes } = await pool.query<Index>(INDEXES);
  for (const { name } of indexes) await pool.query(`DROP INDEX ${name}`);
  let next = 1;
  const write = async (): Promise<void> => {
    while (next <= size) {
      const first = next;
      next += BATCH;
      await pool.query(INSERT, [providers, first, Math.min(first + BATCH - 1, size), size]);
      if (first % 100_000 === 1 && first > 1) say(`  ${first - 1} incidents`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  for (const { definition } of indexes) await pool.query(definition);
  await pool.query('VACUUM (ANALYZE) incident');
  await pool.query('CHECKPOINT');
}

async function isFresh(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ newest: Date | null }>(
    'SELECT max(created_at) AS newest FROM incident',
  );
  return Date.now() - (rows[0]?.newest?.getTime() ?? 0) < KEPT_MS;
}

/** A database of so many incidents, kept for later runs while it is of today. */
export async function loadIncidents(size: number, say: (text: string) => void): Promise<LoadedDatabase> {
  const server = requireEnv('TEST_POSTGRES_URL');
  const template = requireEnv('TEST_TEMPLATE_DATABASE');
  const name = `incidents_${size}_${template}`;
  const url = urlOf(server, name);
  return withPool(server, async (admin) => {
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0 && (await withPool(url, isFresh))) return { url, loadS: null };
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    const part = `${name}_part`;
    await admin.query(`CREATE DATABASE ${part} TEMPLATE ${template}`);
    say(`loading ${size} incidents`);
    const began = performance.now();
    await withPool(urlOf(server, part), (pool) => insertAll(pool, size, say));
    const loadS = Math.round((performance.now() - began) / 1_000);
    await admin.query(`ALTER DATABASE ${part} RENAME TO ${name}`);
    return { url, loadS };
  });
}
