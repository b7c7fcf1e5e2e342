import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { requireEnv } from './require-env.ts';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A private copy of the migrated template, made in milliseconds. One per test file. `template0` is an empty one. */
export async function cloneDatabase(template = requireEnv('TEST_TEMPLATE_DATABASE')): Promise<TestDatabase> {
  const server = requireEnv('TEST_POSTGRES_URL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
