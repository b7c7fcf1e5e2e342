import type { ManagedProcess } from './managed-process.ts';

/** A part of a running system that may be killed and started again where it was. */
export interface Part {
  readonly name: string;
  readonly pid: number;
  readonly isRunning: boolean;
  /** How the run that is on now ends. */
  readonly exited: Promise<string>;
  lastLines(): string[];
  stop(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again with the same settings and waits until it answers. */
  restart(): Promise<void>;
}

/** `launch` resolves once the process answers; `about` then says what else is to be known of the part. */
export async function startPart<T extends object>(
  launch: () => Promise<ManagedProcess>,
  about: () => T,
): Promise<T & Part> {
  let current = await launch();
  return {
    ...about(),
    get name() {
      return current.name;
    },
    get pid() {
      return current.pid;
    },
    get isRunning() {
      return current.isRunning;
    },
    get exited() {
      return current.exited;
    },
    lastLines: () => current.lastLines(),
    stop: () => current.stop(),
    kill: (signal) => current.kill(signal),
    restart: async () => {
      await current.stop();
      current = await launch();
    },
  };
}
