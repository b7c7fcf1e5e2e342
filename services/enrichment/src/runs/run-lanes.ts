import type { Heartbeat } from '@socmate/database';
import { AppError } from '@socmate/runtime';

export interface RunLanesDeps {
  readonly heartbeat: Pick<Heartbeat, 'isAlive'>;
  /** Claims, works and stores the end; rejects only where that could not be done. */
  readonly work: (incidentId: string, signal: AbortSignal) => Promise<void>;
  /** Gives back what this replica holds of an incident. */
  readonly free: (incidentId: string) => Promise<void>;
  readonly concurrency: number;
  /** How long a run that is under way may take after `close`. */
  readonly graceMs: number;
}

/** The runs of this replica: of each incident one at a time. */
export interface RunLanes {
  readonly room: number;
  run(incidentId: string): Promise<void>;
  /** Gives back what this replica holds and does not work on: runs whose end could not be stored. */
  freeLost(): Promise<void>;
  close(): Promise<void>;
}

export function createRunLanes({ heartbeat, work, free, concurrency, graceMs }: RunLanesDeps): RunLanes {
  const running = new Map<string, Promise<void>>();
  const lost = new Set<string>();
  const stop = new AbortController();
  let isClosing = false;
  const start = (incidentId: string): Promise<void> =>
    work(incidentId, stop.signal)
      .catch((fault: unknown) => {
        lost.add(incidentId);
        throw fault;
      })
      .finally(() => running.delete(incidentId));
  return {
    get room() {
      return isClosing || !heartbeat.isAlive() ? 0 : Math.max(0, concurrency - running.size);
    },
    run: async (incidentId) => {
      if (isClosing || running.has(incidentId) || lost.has(incidentId)) return;
      if (!heartbeat.isAlive())
        throw new AppError('unavailable', 'this replica’s heartbeat is late, so it must not claim');
      const started = start(incidentId);
      running.set(incidentId, started);
      await started;
    },
    freeLost: async () => {
      for (const incidentId of lost) {
        await free(incidentId);
        lost.delete(incidentId);
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
