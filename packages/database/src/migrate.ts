import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

const MIGRATIONS = new URL('../prisma/migrations/', import.meta.url);
const LOCK = 72_707_369;

// The table that Prisma Migrate keeps, so that `prisma migrate status` and `deploy` work beside this runner.
const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`;

const APPLIED = `SELECT migration_name, checksum FROM _prisma_migrations
  WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`;

const RECORD = `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
  VALUES ($1, $2, $3, now(), 1)`;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(new URL(`${name}/migration.sql`, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function applyMissing(
  client: pg.Client,
  migrations: readonly Migration[],
  onApplied: (name: string) => void,
): Promise<void> {
  await client.query(TABLE);
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(APPLIED);
  const applied = new Map(rows.map((row) => [row.migration_name, row.checksum]));
  for (const { name, sql, checksum } of migrations) {
    const known = applied.get(name);
    if (known === checksum) continue;
    if (known !== undefined)
      throw new Error(`migration ${name} was changed after it was applied: add a new one instead`);
    await client.query('BEGIN');
    try {
      await client.query(sql);
      await client.query(RECORD, [randomUUID(), checksum, name]);
      await client.query('COMMIT');
    } catch (cause) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw new Error(`migration ${name} failed`, { cause });
    }
    onApplied(name);
  }
}

/** Brings a database to this version's schema; under an advisory lock, each migration whole or not at all. */
export async function migrate(
  databaseUrl: string,
  onApplied: (name: string) => void = () => undefined,
  folder: URL = MIGRATIONS,
): Promise<void> {
  const migrations = await readMigrations(folder);
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'socmate-migrate' });
  // A connection that breaks is told by the statement that it breaks; unheard, it would end the process as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await applyMissing(client, migrations, onApplied);
  } finally {
    await client.end();
  }
}
