import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { type Part, startPart } from './part.ts';
import { repositoryRoot } from './paths.ts';
import { startUntilLine } from './readiness.ts';

export interface Neo4jOptions {
  /** The folder of jars that `fetchNeo4j` filled. */
  readonly jars: string;
  readonly java: string;
  readonly dataFolder: string;
  readonly password: string;
  readonly records: string;
  readonly port?: number;
  /** Compiles less, which suits what is stopped again within minutes. */
  readonly isShortLived?: boolean;
  readonly onLine?: (line: string) => void;
}

export interface Neo4j extends Part {
  readonly uri: string;
  readonly user: string;
  readonly password: string;
}

/** The program that runs it, which Java compiles as it starts. */
export const neo4jSource = join(repositoryRoot, 'infra/local/neo4j/Neo4jLocal.java');

/** Neo4j Community on 127.0.0.1, as a process of its own that also stops when its starter goes. */
export async function startNeo4j({
  jars,
  java,
  dataFolder,
  password,
  isShortLived = false,
  ...options
}: Neo4jOptions): Promise<Neo4j> {
  const port = await findFreePort(options.port);
  const machine = ['-Xmx512m', '-XX:+UseSerialGC', ...(isShortLived ? ['-XX:TieredStopAtLevel=1'] : [])];
  const launch = () => {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    return startUntilLine(
      {
        name: 'neo4j',
        command: java,
        args: [...machine, '-cp', join(jars, '*'), neo4jSource, dataFolder, String(port)],
        stage: 'store',
        stopGraceMs: 20_000,
        records: options.records,
        env: { ...process.env, NEO4J_PASSWORD: password },
        ...(options.onLine && { onLine: options.onLine }),
      },
      (line) => line === 'ready',
      120_000,
    );
  };
  return startPart(launch, () => ({ uri: `bolt://127.0.0.1:${port}`, user: 'neo4j', password }));
}
