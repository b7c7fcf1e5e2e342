import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** A Redis of the test's own, without persistence, to be killed and started again at the same address. */
export interface TestRedis {
  readonly url: string;
  start(): Promise<void>;
  /** As `kill -9` does; resolves when it is gone. */
  kill(): Promise<void>;
  /** It keeps its connections and answers nothing until it is resumed. */
  pause(): void;
  resume(): void;
}

const NAMES = ['redis-server', 'valkey-server'];

async function spawnFirst(args: readonly string[]): Promise<ChildProcess> {
  for (const name of NAMES) {
    const child = spawn(name, args, { stdio: 'ignore' });
    const isThere = await once(child, 'spawn').then(
      () => true,
      () => false,
    );
    if (isThere) return child;
  }
  throw new Error(`none of ${NAMES.join(', ')} is on PATH`);
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => resolve(data.toString().startsWith('+PONG')));
    socket.once('error', () => resolve(false));
  });

export async function startTestRedis(): Promise<TestRedis> {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir()];
  let child: ChildProcess | undefined;
  const redis: TestRedis = {
    url: `redis://127.0.0.1:${port}`,
    start: async () => {
      child = await spawnFirst(args);
      await until('Redis answers', () => answers(port));
    },
    kill: async () => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
  await redis.start();
  return redis;
}
