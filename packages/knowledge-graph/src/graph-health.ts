import { AppError } from '@socmate/runtime';
import neo4j from 'neo4j-driver';

export interface GraphConnection {
  readonly uri: string;
  readonly user: string;
  readonly password: string;
}

export interface GraphHealth {
  /** Rejects while Neo4j does not answer or does not let us in, and says what to do. */
  check(): Promise<unknown>;
  close(): Promise<void>;
}

const CONNECTION_TIMEOUT_MS = 1_500;

/** Connects at the first check. */
export function createGraphHealth({ uri, user, password }: GraphConnection): GraphHealth {
  const driver = neo4j.driver(uri, neo4j.auth.basic(user, password), {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    connectionAcquisitionTimeout: CONNECTION_TIMEOUT_MS,
    maxConnectionPoolSize: 1,
    userAgent: 'SoCMate',
  });
  return {
    check: () =>
      driver.verifyConnectivity().catch((cause: unknown) => {
        throw new AppError('unavailable', isRefused(cause) ? REFUSED : NO_ANSWER, { cause });
      }),
    close: () => driver.close(),
  };
}

const HOW_LOCAL = 'a local run starts its own where there are Java 17 or 21 and Maven';
export const NO_ANSWER = `Neo4j does not answer: the graph is missing, its endpoints answer 503 and its updates wait. Start Neo4j or correct NEO4J_URI; ${HOW_LOCAL}`;
export const REFUSED =
  'Neo4j does not let us in: the graph is missing, its endpoints answer 503 and its updates wait. Correct NEO4J_USER and NEO4J_PASSWORD';

export const isRefused = (fault: unknown): boolean =>
  fault instanceof neo4j.Neo4jError && fault.code.startsWith('Neo.ClientError.Security.');

/** Stands in where no graph is configured, and says what to do. */
export const noGraph: GraphHealth = {
  check: () =>
    Promise.reject(
      new AppError(
        'unavailable',
        `there is no knowledge graph: set NEO4J_URI, NEO4J_USER and NEO4J_PASSWORD; ${HOW_LOCAL}`,
      ),
    ),
  close: () => Promise.resolve(),
};
