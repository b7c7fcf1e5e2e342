import { mkdirSync } from 'node:fs';
import { findFreePort } from './free-port.ts';
import { type Part, startPart } from './part.ts';
import { startUntilLine } from './readiness.ts';

export interface RedisOptions {
  /** The path of a `redis-server` or `valkey-server`. */
  readonly server: string;
  readonly dataFolder: string;
  readonly records: string;
  readonly port?: number;
  readonly onLine?: (line: string) => void;
}

export interface Redis extends Part {
  readonly port: number;
  readonly url: string;
  readonly dataFolder: string;
}

/** A Redis server on 127.0.0.1 that keeps what it was told (AOF) and never evicts. */
export async function startRedis({ server, dataFolder, records, ...options }: RedisOptions): Promise<Redis> {
  const port = await findFreePort(options.port);
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: dataFolder,
    appendonly: 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  const launch = () => {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return startUntilLine(
      {
        name: 'redis',
        command: server,
        args,
        stage: 'store',
        records,
        ...(options.onLine && { onLine: options.onLine }),
      },
      (line) => line.includes('Ready to accept connections'),
    );
  };
  return startPart(launch, () => ({ port, url: `redis://127.0.0.1:${port}`, dataFolder }));
}
