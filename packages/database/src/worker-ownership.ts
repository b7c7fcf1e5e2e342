import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';
import { WORKER_DEAD_AFTER_MS } from './worker-leases.ts';

const INTERVAL_MS = 500;

const ENTER = 'INSERT INTO worker_lease (owner, service) VALUES ($1, $2)';
const LEAVE = 'DELETE FROM worker_lease WHERE owner = $1';

// No row is made anew: one that is gone was declared dead, and what its owner held belongs to others.
const BEAT = `WITH beat AS (UPDATE worker_lease SET heartbeat_at = now() WHERE owner = $1 RETURNING service)
  SELECT count(*) AS alive FROM beat JOIN worker_lease AS w USING (service)
  WHERE w.owner = $1 OR w.heartbeat_at > now() - interval '${WORKER_DEAD_AFTER_MS} milliseconds'`;

const BeatRow = z.object({ alive: z.int() });

/**
 * The name under which a process claims. It is alive from the sending of a heartbeat that was answered, for as long
 * as others let it live; from then on it starts nothing, and what is under way is cut. One that finds that it was
 * declared dead goes on under a new name.
 */
export interface Ownership extends Pick<Timer, 'close'> {
  readonly owner: string;
  /** Living processes of the service, this one included. */
  readonly replicas: number;
  isAlive(): boolean;
  /** Alive without a gap for so long that whoever is late by now is dead, and not merely cut off as this one was. */
  isSteady(): boolean;
  /** Told each time that it is no longer alive. */
  onLapse(listener: () => void): void;
  leave(): Promise<void>;
}

export interface OwnershipOptions {
  readonly service: string;
  readonly nextOwner: () => string;
  readonly log: Logger;
}

class Ownerships implements Ownership {
  readonly #db: Queryable;
  readonly #options: OwnershipOptions;
  readonly #listeners: (() => void)[] = [];
  owner: string;
  replicas = 1;
  #aliveUntil = 0;
  #steadyFrom = 0;
  #lapse: NodeJS.Timeout | undefined;
  #timer: Timer | undefined;

  constructor(db: Queryable, options: OwnershipOptions) {
    this.#db = db;
    this.#options = options;
    this.owner = options.nextOwner();
  }

  async start(): Promise<void> {
    await this.#enter();
    this.#timer = startTimer('heartbeat', INTERVAL_MS, this.#options.log, () => this.#beat());
  }

  isAlive(): boolean {
    return performance.now() < this.#aliveUntil;
  }

  isSteady(): boolean {
    return this.isAlive() && performance.now() >= this.#steadyFrom;
  }

  onLapse(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async leave(): Promise<void> {
    await run(this.#db, { text: LEAVE, values: [this.owner] });
  }

  async close(): Promise<void> {
    await this.#timer?.close();
    clearTimeout(this.#lapse);
  }

  async #enter(): Promise<void> {
    const sentAt = performance.now();
    await run(this.#db, { text: ENTER, values: [this.owner, this.#options.service] });
    this.#liveFrom(sentAt);
  }

  async #beat(): Promise<void> {
    const sentAt = performance.now();
    const statement = { name: 'ownership-heartbeat', text: BEAT, values: [this.owner] };
    const [row] = await rows(this.#db, BeatRow, { ...statement, timeoutMs: WORKER_DEAD_AFTER_MS });
    if (row && row.alive > 0) {
      this.replicas = row.alive;
      return this.#liveFrom(sentAt);
    }
    this.#lapsed();
    const former = this.owner;
    this.owner = this.#options.nextOwner();
    this.#options.log.warn({ former, owner: this.owner }, 'declared dead, going on under a new name');
    await this.#enter();
  }

  #liveFrom(sentAt: number): void {
    const now = performance.now();
    if (this.#aliveUntil > 0 && now >= this.#aliveUntil) this.#steadyFrom = now + WORKER_DEAD_AFTER_MS;
    this.#aliveUntil = sentAt + WORKER_DEAD_AFTER_MS;
    clearTimeout(this.#lapse);
    this.#lapse = setTimeout(() => this.#lapsed(), Math.max(0, this.#aliveUntil - now));
    this.#lapse.unref();
  }

  #lapsed(): void {
    clearTimeout(this.#lapse);
    this.#aliveUntil = Math.min(this.#aliveUntil, performance.now());
    for (const listener of this.#listeners) listener();
  }
}

/** Is alive when it answers, so that nothing is claimed before. */
export async function startOwnership(db: Queryable, options: OwnershipOptions): Promise<Ownership> {
  const ownership = new Ownerships(db, options);
  await ownership.start();
  return ownership;
}
