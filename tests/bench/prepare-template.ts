import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrate } from '@socmate/database';
import pg from 'pg';

const MIGRATIONS = join(import.meta.dirname, '../../packages/database/prisma/migrations');

/**
 * Names a migrated database that `cloneDatabase` copies; its name changes with the schema, so that kept data which
 * is named after it never has an older one. What a killed benchmark left on the server goes.
 */
export async function prepareTemplate(serverUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await dropLeftovers(client);
    const name = `template_${schemaHash()}`;
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await makeTemplate(client, serverUrl, name);
    return name;
  } finally {
    await client.end();
  }
}

async function makeTemplate(client: pg.Client, serverUrl: string, name: string): Promise<void> {
  await client.query(`CREATE DATABASE ${name}_part TEMPLATE template0`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}_part`;
  await migrate(url.href);
  await client.query(`ALTER DATABASE ${name}_part RENAME TO ${name}`);
}

async function dropLeftovers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'test\\_%' OR datname LIKE '%\\_part'`,
  );
  for (const { name } of rows) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
}

function schemaHash(): string {
  const hash = createHash('sha256');
  const folders = readdirSync(MIGRATIONS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const name of folders.map((entry) => entry.name).toSorted()) {
    hash.update(name).update(readFileSync(join(MIGRATIONS, name, 'migration.sql')));
  }
  return hash.digest('hex').slice(0, 16);
}
