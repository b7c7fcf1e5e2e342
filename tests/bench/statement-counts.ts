import { randomBytes } from 'node:crypto';
import type pg from 'pg';

/** The address of a database for one role of its own, by which the server counts what it is sent. */
export async function countedUrl(database: pg.Pool, url: string, role: string): Promise<string> {
  const password = randomBytes(12).toString('hex');
  const { rowCount } = await database.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
  await database.query(`${verb} ROLE ${role} SUPERUSER LOGIN PASSWORD '${password}'`);
  const own = new URL(url);
  own.username = role;
  own.password = password;
  return own.href;
}

export async function resetStatementCounts(database: pg.Pool): Promise<void> {
  await database.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  await database.query('SELECT pg_stat_statements_reset()');
}

export interface StatementCount {
  readonly statement: string;
  readonly calls: number;
  readonly ms: number;
}

/** All that a role has sent, BEGIN and COMMIT included, the most frequent first. */
export async function statementCounts(database: pg.Pool, role: string): Promise<StatementCount[]> {
  const { rows } = await database.query<{ statement: string; calls: string; ms: number }>(
    `SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 90) AS statement, calls, total_exec_time AS ms
     FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid
     WHERE rolname = $1 ORDER BY calls DESC, statement`,
    [role],
  );
  return rows.map(({ statement, calls, ms }) => ({ statement, calls: Number(calls), ms: Math.round(ms) }));
}
