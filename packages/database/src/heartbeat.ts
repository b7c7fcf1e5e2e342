import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import { WORKER_DEAD_AFTER_MS, type WorkerLeases } from './worker-leases.ts';

const INTERVAL_MS = 500;

export interface Heartbeat extends Timer {
  /** Whether other replicas still take this worker for alive: only then may it claim, or start what it claimed. */
  isAlive(): boolean;
}

/** Beats once before it answers, so that a worker never claims before it counts as alive. */
export async function startHeartbeat(leases: WorkerLeases, log: Logger): Promise<Heartbeat> {
  let aliveUntil = 0;
  const beat = async (): Promise<void> => {
    const sentAt = performance.now();
    await leases.heartbeat();
    aliveUntil = sentAt + WORKER_DEAD_AFTER_MS;
  };
  await beat();
  const timer = startTimer('heartbeat', INTERVAL_MS, log, beat);
  return { ...timer, isAlive: () => performance.now() < aliveUntil };
}
