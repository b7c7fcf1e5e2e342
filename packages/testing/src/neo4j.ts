import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.ts';
import { requireEnv } from './require-env.ts';

export interface TestGraph {
  readonly uri: string;
  readonly user: string;
  readonly password: string;
}

/** The test run's Neo4j, which its tests share: each names things of its own. */
export const testGraph = (): TestGraph => ({
  uri: requireEnv('TEST_NEO4J_URI'),
  user: requireEnv('TEST_NEO4J_USER'),
  password: requireEnv('TEST_NEO4J_PASSWORD'),
});

/** A Neo4j of the test's own, to be killed and started again at the same address with the same data. */
export interface TestNeo4j extends TestGraph {
  start(): Promise<void>;
  /** As `kill -9` does; resolves when it is gone. */
  kill(): Promise<void>;
  /** It keeps its connections and answers nothing until it is resumed. */
  pause(): void;
  resume(): void;
  /** Kills it and removes its data. */
  close(): Promise<void>;
}

const PASSWORD = 'test-password';
const MEMORY = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const READY_MS = 120_000;

export async function startTestNeo4j(): Promise<TestNeo4j> {
  const [java, jars, source] = ['TEST_NEO4J_JAVA', 'TEST_NEO4J_JARS', 'TEST_NEO4J_SOURCE'].map(
    requireEnv,
  ) as [string, string, string];
  const [port, folder] = await Promise.all([freePort(), mkdtemp(join(tmpdir(), 'socmate-neo4j-'))]);
  const command = [...MEMORY, '-cp', join(jars, '*'), source, folder, String(port)];
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const start = async (): Promise<void> => {
    child = spawn(java, command, {
      // It stops by itself when its input closes: nothing outlives the tests.
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, NEO4J_PASSWORD: PASSWORD },
    });
    await untilReady(child);
  };
  await start();
  return {
    uri: `bolt://127.0.0.1:${port}`,
    user: 'neo4j',
    password: PASSWORD,
    start,
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    close: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess): Promise<void> {
  if (!child.stdout) throw new Error('Neo4j has no output');
  const signal = AbortSignal.timeout(READY_MS);
  const lines = createInterface({ input: child.stdout });
  const gone = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`Neo4j ended with ${String(code)} before it was ready`);
  });
  const ready = (async () => {
    for await (const line of lines) if (line === 'ready') return;
  })();
  await Promise.race([ready, gone]);
  gone.catch(() => undefined);
  child.stdout.resume();
}
