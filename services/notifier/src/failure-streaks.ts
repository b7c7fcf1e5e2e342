import type { EndpointTurn, SettledAttempt } from '@socmate/database';

interface Streak {
  failures: number;
  /** Answers that are not stored yet. */
  unstored: number;
  isHeld: boolean;
}

/**
 * Consecutive failures as this process sees them. An endpoint that failed often enough to open its breaker is held
 * until Postgres says whether it did, so that the milliseconds until then cost no attempts.
 */
export class FailureStreaks {
  readonly #streaks = new Map<string, Streak>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the endpoint is to be held. */
  answered(endpointId: string, isSuccess: boolean): boolean {
    const streak = this.#streaks.get(endpointId) ?? { failures: 0, unstored: 0, isHeld: false };
    streak.failures = isSuccess ? 0 : streak.failures + 1;
    streak.unstored += 1;
    streak.isHeld ||= streak.failures >= this.#limit;
    this.#streaks.set(endpointId, streak);
    return streak.isHeld;
  }

  /** Whose breakers are open, who recovered, and who was held and may go on. */
  stored(attempts: readonly SettledAttempt[], turns: readonly EndpointTurn[]) {
    const isOpen = new Map(turns.map((turn) => [turn.endpointId, turn.isOpen]));
    const open = turns.flatMap((turn) => (turn.isOpen ? [turn.endpointId] : []));
    const recovered: string[] = [];
    const released: string[] = [];
    for (const [endpointId, stored] of Map.groupBy(attempts, (attempt) => attempt.endpointId)) {
      const streak = this.#streaks.get(endpointId);
      if (!streak) continue;
      streak.unstored -= stored.length;
      if (isOpen.get(endpointId) === false && streak.failures === 0) recovered.push(endpointId);
      const isOver = streak.unstored === 0 || isOpen.get(endpointId) === true;
      if (isOver && streak.isHeld) {
        if (isOpen.get(endpointId) !== true) released.push(endpointId);
        Object.assign(streak, { isHeld: false, failures: 0 });
      }
      if (streak.unstored === 0 && streak.failures === 0) this.#streaks.delete(endpointId);
    }
    return { open, recovered, released };
  }
}
