import pg from 'pg';
import type { z } from 'zod';

export type Pool = pg.Pool;
/** A pool, or the client of one transaction. */
export type Queryable = Pick<pg.Pool, 'query'>;

export interface PoolOptions {
  readonly size: number;
  /** What `pg_stat_activity` shows. */
  readonly name: string;
  /** Told of connections that broke while idle; the pool replaces them by itself. */
  readonly onFault?: (fault: Error) => void;
  /** A statement that is not answered by then fails, and its connection is given up. */
  readonly statementTimeoutMs?: number;
  /**
   * Reads tables by their indexes wherever there is one: a plan that was kept while a table was small would read it
   * whole after a million rows came in, until its statistics are renewed. Statements with a name are planned once.
   */
  readonly prefersIndexes?: boolean;
}

// A server that vanished without a word would otherwise be waited for until the kernel gives up, a quarter of an hour.
const STATEMENT_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_AFTER_MS = 10_000;

// Every bigint column here (incident numbers, counts) stays far below 2^53.
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);
types.setTypeParser(pg.types.builtins.BYTEA, 'binary', (value: Buffer) => value);

// Prisma's times come and go without their offset: on a server in another zone each would be hours off.
const UTC = "SET TIME ZONE 'UTC'";
const INDEXES = 'SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan';

/** The published type does not say that the pool waits. */
type PoolConfig = Omit<pg.PoolConfig, 'onConnect'> & {
  onConnect: (client: pg.ClientBase) => Promise<unknown>;
};

/** Opens no connection until the first query. */
export function createPool(url: string, options: PoolOptions): Pool {
  const { size, name, onFault = () => undefined, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const config: PoolConfig = {
    connectionString: url,
    max: size,
    application_name: `socmate-${name}`,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    query_timeout: statementTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    onConnect: (client) => client.query(options.prefersIndexes ? `${UTC}; ${INDEXES}` : UTC),
    types,
  };
  const pool = new pg.Pool(config);
  pool.on('error', onFault);
  return pool;
}

export interface Statement {
  /** Given, the server keeps the plan of the statement under it; one name, one text. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Shorter than the pool's own. */
  readonly timeoutMs?: number;
  /** Columns come as Postgres keeps them: for `bytea`, which would come as hexadecimal text. Text and integers alone. */
  readonly isBinary?: boolean;
}

/** Runs one statement and parses each row; a row that does not parse is a bug and throws. */
export async function rows<S extends z.ZodType>(
  db: Queryable,
  schema: S,
  { name, text, values = [], timeoutMs, isBinary = false }: Statement,
): Promise<z.output<S>[]> {
  const result = await db.query({
    text,
    values: [...values],
    ...(name !== undefined && { name }),
    ...(timeoutMs !== undefined && { query_timeout: timeoutMs }),
    ...(isBinary && { binary: true }),
  });
  return result.rows.map((row: unknown) => schema.parse(row));
}

/** Runs one statement for its effect and answers how many rows it touched. */
export async function run(db: Queryable, { name, text, values = [] }: Statement): Promise<number> {
  const result = await db.query({ text, values: [...values], ...(name !== undefined && { name }) });
  return result.rowCount ?? 0;
}

/** One transaction on one connection: all that `work` did, or nothing where it throws. */
export async function transaction<T>(pool: Pool, work: (db: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // Taken from the pool, a client has no listener, and a fault between two statements would end the process.
  const onBroken = (fault: Error): void => {
    broken = fault;
  };
  client.on('error', onBroken);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    const { command } = await client.query('COMMIT');
    // After a statement that failed, and whose fault `work` kept to itself, Postgres answers so.
    if (command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back');
    return result;
  } catch (fault) {
    await client.query('ROLLBACK').catch(onBroken);
    throw fault;
  } finally {
    client.off('error', onBroken);
    client.release(broken);
  }
}
