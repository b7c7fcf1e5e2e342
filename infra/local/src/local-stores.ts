import { migrate } from '@socmate/database';
import type { Credentials } from './credentials.ts';
import { fetchNeo4j } from './fetch-neo4j.ts';
import { findRedisServer } from './find-redis.ts';
import { assertReachable, type GivenParts } from './given-parts.ts';
import { explain, LaunchError } from './launch-error.ts';
import type { localPaths } from './local-state.ts';
import type { LogStream } from './log-stream.ts';
import { startNeo4j } from './neo4j.ts';
import type { Part } from './part.ts';
import { startPostgres } from './postgres.ts';
import type { Console } from './progress.ts';
import { startRedis } from './redis.ts';

export interface StoresContext {
  readonly paths: ReturnType<typeof localPaths>;
  readonly credentials: Credentials;
  readonly given: GivenParts;
  readonly console: Console;
  readonly logs: LogStream;
  readonly signal: AbortSignal;
}

/** A store and, where it is ours and not the caller's, its process. */
export interface Store<T> {
  readonly at: T;
  readonly part?: Part;
}

const DATABASE = 'socmate';
const USUAL_PORTS = { postgres: 15_432, redis: 16_379 };

/** The migrated database. */
export async function localPostgres(context: StoresContext): Promise<Store<string>> {
  const progress = context.console.part('postgres');
  const given = context.given.databaseUrl;
  const migrated: string[] = [];
  const bringUp = async (url: string) => {
    await migrate(url, (name) => migrated.push(name));
    const news = migrated.length > 0 ? `, ${migrated.length} migrations applied` : '';
    progress.done(`ready on ${new URL(url).host}${news}`);
  };
  if (given !== undefined) {
    await assertReachable('DATABASE_URL', given, 5_432);
    await bringUp(given);
    return { at: given };
  }
  const part = await startPostgres({
    dataFolder: context.paths.postgres,
    records: context.paths.processes,
    password: context.credentials.postgres_password,
    databases: [DATABASE],
    port: USUAL_PORTS.postgres,
    onLine: context.logs.fileOnly('postgres'),
  });
  await bringUp(part.url(DATABASE)).catch((fault: unknown) => {
    throw isWrongPassword(fault)
      ? new LaunchError(otherCredentials(part.dataFolder), { cause: fault })
      : fault;
  });
  return { at: part.url(DATABASE), part };
}

const isWrongPassword = (fault: unknown): boolean => (fault as { code?: string }).code === '28P01';

const otherCredentials = (dataFolder: string): string =>
  `The data in ${dataFolder} was made with other credentials than .local/credentials.json holds: put those back, or start with --fresh to begin again.`;

export async function localRedis(context: StoresContext): Promise<Store<string>> {
  const progress = context.console.part('redis');
  const given = context.given.redisUrl;
  if (given !== undefined) {
    await assertReachable('REDIS_URL', given, 6_379);
    progress.done(`ready on ${new URL(given).host}`);
    return { at: given };
  }
  const server = await findRedisServer(progress);
  const part = await startRedis({
    server,
    dataFolder: context.paths.redis,
    records: context.paths.processes,
    port: USUAL_PORTS.redis,
    onLine: context.logs.fileOnly('redis'),
  });
  progress.done(`ready on 127.0.0.1:${part.port}`);
  return { at: part.url, part };
}

export type Neo4jAt = NonNullable<GivenParts['neo4j']>;

/** The graph, on the port that the services were told; without it everything else goes on. */
export async function localNeo4j(context: StoresContext, port: number): Promise<Store<Neo4jAt> | undefined> {
  const progress = context.console.part('neo4j');
  const { given, paths, logs, credentials, signal } = context;
  try {
    if (given.neo4j) {
      await assertReachable('NEO4J_URI', given.neo4j.uri, 7_687);
      return { at: given.neo4j };
    }
    const part = await startNeo4j({
      ...(await fetchNeo4j(paths.cache, progress, signal)),
      dataFolder: paths.neo4j,
      password: credentials.neo4j_password,
      records: paths.processes,
      port,
      onLine: logs.fileOnly('neo4j'),
    });
    progress.done(`ready on 127.0.0.1:${port}`);
    return { at: { uri: part.uri, user: part.user, password: part.password }, part };
  } catch (fault) {
    if (!signal.aborted) progress.warn(`the graph is missing, everything else goes on: ${explain(fault)}`);
    return undefined;
  }
}
