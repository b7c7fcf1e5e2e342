import type { Heartbeat } from '@socmate/database';
import { AppError } from '@socmate/runtime';

export interface ExclusiveRunsDeps {
  readonly heartbeat: Pick<Heartbeat, 'isAlive'>;
  readonly concurrency: number;
  /** Claims, works and settles; rejects only where the end could not be written. */
  readonly work: (providerId: string, signal: AbortSignal) => Promise<void>;
  /** Gives back what this replica holds. */
  readonly release: (providerId: string) => Promise<void>;
}

/** Work of this replica on workspaces: on each one at a time. */
export interface ExclusiveRuns {
  readonly hasRoom: boolean;
  /** Does nothing for a workspace that is being worked on here. */
  run(providerId: string, signal?: AbortSignal): Promise<void>;
  /** Gives back what this replica holds and does not work on: claims whose end could not be written. */
  freeLost(): Promise<void>;
  /** Aborts what runs and waits for it. */
  close(): Promise<void>;
}

interface Held {
  readonly running: Map<string, Promise<void>>;
  readonly lost: Set<string>;
}

async function runOne(
  { running, lost }: Held,
  work: ExclusiveRunsDeps['work'],
  providerId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await work(providerId, signal);
  } catch (fault) {
    lost.add(providerId);
    throw fault;
  } finally {
    running.delete(providerId);
  }
}

export function createExclusiveRuns({
  heartbeat,
  concurrency,
  work,
  release,
}: ExclusiveRunsDeps): ExclusiveRuns {
  const held: Held = { running: new Map(), lost: new Set() };
  const { running, lost } = held;
  const stop = new AbortController();
  return {
    get hasRoom() {
      return running.size < concurrency;
    },
    run: async (providerId, signal) => {
      if (stop.signal.aborted || running.has(providerId) || lost.has(providerId)) return;
      if (!heartbeat.isAlive())
        throw new AppError('unavailable', 'this replica’s heartbeat is late, so it must not claim');
      const ends = signal ? AbortSignal.any([stop.signal, signal]) : stop.signal;
      const begun = runOne(held, work, providerId, ends);
      running.set(providerId, begun);
      await begun;
    },
    freeLost: async () => {
      for (const providerId of lost) {
        await release(providerId);
        lost.delete(providerId);
      }
    },
    close: async () => {
      stop.abort();
      await Promise.allSettled(running.values());
    },
  };
}
