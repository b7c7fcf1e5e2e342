import { AppError } from '@socmate/runtime';
import neo4j from 'neo4j-driver';

export interface GraphConnection {
  readonly uri: string;
  readonly user: string;
  readonly password: string;
}

export interface GraphHealth {
  /** Rejects while Neo4j does not answer or does not let us in. */
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
  return { check: () => driver.verifyConnectivity(), close: () => driver.close() };
}

/** Stands in where no graph is configured, and says what to do. */
export const noGraph: GraphHealth = {
  check: () =>
    Promise.reject(
      new AppError(
        'unavailable',
        'there is no knowledge graph: set NEO4J_URI, NEO4J_USER and NEO4J_PASSWORD',
      ),
    ),
  close: () => Promise.resolve(),
};
