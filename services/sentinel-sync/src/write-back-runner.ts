import type { Heartbeat } from '@socmate/database';
import { AppError } from '@socmate/runtime';

export interface WriteRunnerDeps {
  readonly heartbeat: Pick<Heartbeat, 'isAlive'>;
  /** Does what is due under a key; claims and outcomes are in the rows. */
  readonly work: (key: string, signal: AbortSignal) => Promise<void>;
  /** Gives back what this replica holds under a key. */
  readonly free: (key: string) => Promise<void>;
  /** How long a write that is under way may take after `close`. */
  readonly graceMs: number;
}

/** The writes of this replica, of each key one at a time. */
export interface WriteRunner {
  run(key: string): Promise<void>;
  /** Gives back what this replica holds and does not work on: rows whose outcome could not be stored. */
  freeLost(): Promise<void>;
  /** Lets what is under way end within the grace, for a write that is cut off has an unknown outcome. */
  close(): Promise<void>;
}

export function createWriteRunner({ heartbeat, work, free, graceMs }: WriteRunnerDeps): WriteRunner {
  const running = new Map<string, Promise<void>>();
  const lost = new Set<string>();
  const stop = new AbortController();
  let isClosing = false;
  const start = async (key: string, signal: AbortSignal): Promise<void> => {
    try {
      await work(key, signal);
    } catch (fault) {
      lost.add(key);
      throw fault;
    } finally {
      running.delete(key);
    }
  };
  return {
    run: async (key) => {
      if (isClosing || running.has(key) || lost.has(key)) return;
      if (!heartbeat.isAlive())
        throw new AppError('unavailable', 'this replica’s heartbeat is late, so it must not claim');
      const started = start(key, stop.signal);
      running.set(key, started);
      await started;
    },
    freeLost: async () => {
      for (const key of lost) {
        await free(key);
        lost.delete(key);
      }
    },
    close: async () => {
      isClosing = true;
      const cancel = setTimeout(() => stop.abort(), graceMs);
      await Promise.allSettled(running.values());
      clearTimeout(cancel);
    },
  };
}
