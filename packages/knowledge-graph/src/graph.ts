import { AppError } from '@socmate/runtime';
import neo4j, {
  type Driver,
  type Integer,
  type ManagedTransaction,
  type QueryResult,
  type Session,
} from 'neo4j-driver';
import { type GraphConnection, isRefused, NO_ANSWER, REFUSED } from './graph-health.ts';

export type { Integer };

type Parameters = Readonly<Record<string, unknown>>;
export type Row = Readonly<Record<string, unknown>>;

/** One transaction that writes. */
export interface GraphTransaction {
  run(cypher: string, parameters?: Parameters): Promise<Row[]>;
}

interface ReadLimits {
  /** A question that takes longer is given up by the server. */
  readonly timeoutMs: number;
}

export interface Graph {
  /** Rejects while Neo4j does not answer or does not let us in, and says what to do. */
  check(): Promise<void>;
  read(cypher: string, parameters: Parameters, limits: ReadLimits): Promise<Row[]>;
  /** Runs again where Neo4j asks for it (deadlocks, a change of leader), so `work` may run several times. */
  write<T>(work: (transaction: GraphTransaction) => Promise<T>): Promise<T>;
  /** A statement that may not run inside a transaction. */
  runAlone(cypher: string, parameters?: Parameters): Promise<Row[]>;
  close(): Promise<void>;
}

export interface GraphOptions {
  readonly poolSize?: number;
  /** For how long a write that failed in passing is tried again. */
  readonly retryMs?: number;
  readonly acquireTimeoutMs?: number;
}

const CONNECTION_TIMEOUT_MS = 3_000;
const WRITE_TIMEOUT_MS = 60_000;
const RETRY_AFTER_S = 5;
const SERVER_MARGIN_MS = 1_000;
// Community has one database; naming it spares the driver a question per session.
const DATABASE = 'neo4j';

/** A whole number as Neo4j stores it: a plain number would become a float. */
export const whole = (value: number): Integer => neo4j.int(value);

function createDriver({ uri, user, password }: GraphConnection, options: GraphOptions): Driver {
  const { poolSize = 10, retryMs = 15_000, acquireTimeoutMs = CONNECTION_TIMEOUT_MS } = options;
  return neo4j.driver(uri, neo4j.auth.basic(user, password), {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    connectionAcquisitionTimeout: acquireTimeoutMs,
    maxConnectionPoolSize: poolSize,
    maxTransactionRetryTime: retryMs,
    disableLosslessIntegers: true,
    userAgent: 'SoCMate',
  });
}

/** Connects at the first question. */
export function createGraph(connection: GraphConnection, options: GraphOptions = {}): Graph {
  const driver = createDriver(connection, options);
  const inSession = async <T>(mode: 'READ' | 'WRITE', work: (session: Session) => Promise<T>): Promise<T> => {
    const session = openSession(driver, mode);
    try {
      return await work(session);
    } catch (cause) {
      throw translate(cause);
    } finally {
      // Not awaited: where Neo4j hangs, this would hang with it.
      session.close().catch(() => undefined);
    }
  };
  return {
    check: async () => {
      await driver.verifyConnectivity({ database: DATABASE }).catch((cause: unknown) => {
        throw away(cause);
      });
    },
    // Not retried: somebody waits for the answer.
    read: (cypher, parameters, { timeoutMs }) =>
      inSession('READ', async (session) =>
        toRows(await within(session.run(cypher, parameters, { timeout: timeoutMs }), timeoutMs)),
      ),
    write: (work) =>
      inSession('WRITE', (session) =>
        within(
          session.executeWrite((transaction) => work(runnerOf(transaction)), { timeout: WRITE_TIMEOUT_MS }),
          WRITE_TIMEOUT_MS,
        ),
      ),
    runAlone: (cypher, parameters = {}) =>
      inSession('WRITE', async (session) => toRows(await session.run(cypher, parameters))),
    close: () => driver.close(),
  };
}

/** The server ends what takes too long; one that hangs does not, and counts as away. */
async function within<T>(work: PromiseLike<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(away(new Error('no answer in time'))), timeoutMs + SERVER_MARGIN_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const toRows = ({ records }: QueryResult): Row[] => records.map((record) => record.toObject());

const openSession = (driver: Driver, mode: 'READ' | 'WRITE'): Session =>
  driver.session({ database: DATABASE, defaultAccessMode: mode });

const runnerOf = (transaction: ManagedTransaction): GraphTransaction => ({
  run: async (cypher, parameters = {}) => toRows(await transaction.run(cypher, parameters)),
});

const away = (cause: unknown): AppError =>
  new AppError('unavailable', isRefused(cause) ? REFUSED : NO_ANSWER, { cause, retryAfterS: RETRY_AFTER_S });

const AWAY_CODES = [
  'ServiceUnavailable',
  'SessionExpired',
  'N/A',
  'Neo.TransientError.General.DatabaseUnavailable',
];

/** A question that ran into its time limit. */
export const isTooLong = (fault: unknown): boolean =>
  fault instanceof neo4j.Neo4jError && fault.code.includes('TransactionTimedOut');

/** What says that Neo4j is away becomes `unavailable`; anything else is a fault of the statement. */
function translate(fault: unknown): unknown {
  if (!(fault instanceof neo4j.Neo4jError)) return fault;
  return isRefused(fault) || AWAY_CODES.includes(fault.code) ? away(fault) : fault;
}
