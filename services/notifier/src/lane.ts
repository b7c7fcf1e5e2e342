import type { ClaimedDelivery, Room } from '@socmate/database';

/** A lane looks at most this many caps ahead, */
const MAX_AHEAD_CAPS = 16;
/** and at most at what it did within this time. */
const AHEAD_MS = 50;

export interface LaneLimits {
  /** In flight at once. */
  readonly cap: number;
  /** This process's share of the endpoint's rate. */
  readonly perSecond: number | null;
}

/** First attempts or retries: what of them was claimed, and how fast they go. */
class Backlog {
  readonly waiting: ClaimedDelivery[] = [];
  inFlight = 0;
  /** There may be more due rows than were claimed. */
  isWanted = false;
  /** A claim is under way. */
  isAsked = false;
  #since = 0;
  #doneBefore = 0;
  #done = 0;

  get held(): number {
    return this.inFlight + this.waiting.length;
  }

  free(cap: number, now: number): number {
    this.#look(now);
    const ahead = Math.min(Math.max(this.#doneBefore, this.#done), cap * MAX_AHEAD_CAPS);
    const isLow = this.held < cap || this.waiting.length * 2 <= ahead;
    return isLow ? Math.max(0, cap + ahead - this.held) : 0;
  }

  /** The room to claim for, which is then asked for. */
  ask(cap: number, now: number): number {
    const free = this.isWanted ? this.free(cap, now) : 0;
    this.isAsked = free > 0;
    if (free > 0) this.isWanted = false;
    return free;
  }

  take(): ClaimedDelivery | undefined {
    const delivery = this.waiting.shift();
    if (delivery) this.inFlight += 1;
    return delivery;
  }

  done(now: number): void {
    this.#look(now);
    this.inFlight -= 1;
    this.#done += 1;
  }

  #look(now: number): void {
    if (now < this.#since + AHEAD_MS) return;
    this.#doneBefore = now < this.#since + 2 * AHEAD_MS ? this.#done : 0;
    this.#done = 0;
    this.#since = now;
  }
}

/**
 * One endpoint's deliveries in this process, under its own in-flight cap and rate. It claims ahead as much as it just
 * finished: a fast endpoint seldom waits for a claim, and a hanging one holds no more than its cap of first attempts
 * and as many retries. While first attempts wait, retries take every second place and at most half.
 */
export class Lane {
  readonly #first = new Backlog();
  readonly #retries = new Backlog();
  #limits: LaneLimits;
  #tookRetry = false;
  #nextAt = 0;
  isSuspended = false;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  setLimits(limits: LaneLimits): void {
    this.#limits = limits;
  }

  want(): void {
    this.#first.isWanted = true;
    this.#retries.isWanted = true;
  }

  isIdle(now: number): boolean {
    const isEmpty = [this.#first, this.#retries].every(
      ({ isWanted, isAsked, held }) => !isWanted && !isAsked && held === 0,
    );
    return isEmpty && !this.isSuspended && now >= this.#nextAt;
  }

  room(now: number): Pick<Room, 'first' | 'retries'> | undefined {
    if (this.isSuspended) return undefined;
    const { cap, perSecond } = this.#limits;
    // What a rate lets go within a second is enough to hold.
    const most = perSecond === null ? cap : Math.max(1, Math.min(cap, Math.ceil(perSecond)));
    const first = this.#first.ask(most, now);
    // What is held will soon have been sent, and one claim then asks for both.
    if (first === 0 && this.#first.isWanted) return undefined;
    const retries = this.#retries.ask(most, now);
    return first + retries > 0 ? { first, retries } : undefined;
  }

  add(claimed: readonly ClaimedDelivery[], room: Room): void {
    const [retries, first] = [claimed.filter(isRetry), claimed.filter((delivery) => !isRetry(delivery))];
    this.#first.isAsked = false;
    this.#retries.isAsked = false;
    this.#first.waiting.push(...first);
    this.#retries.waiting.push(...retries);
    if (room.first > 0 && first.length >= room.first) this.#first.isWanted = true;
    if (room.retries > 0 && retries.length >= room.retries) this.#retries.isWanted = true;
  }

  take(now: number): ClaimedDelivery | undefined {
    const { cap, perSecond } = this.#limits;
    const inFlight = this.#first.inFlight + this.#retries.inFlight;
    if (this.isSuspended || inFlight >= cap || (perSecond !== null && now < this.#nextAt)) return undefined;
    const backlog = this.#turn(cap);
    const delivery = backlog.take();
    if (!delivery) return undefined;
    this.#tookRetry = backlog === this.#retries;
    if (perSecond !== null) this.#nextAt = Math.max(now, this.#nextAt) + 1_000 / perSecond;
    return delivery;
  }

  /** Also where the rate has just let the next one go, since it was looked at: whoever asks must look again. */
  waitMs(now: number): number | undefined {
    const { cap, perSecond } = this.#limits;
    const hasWaiting = this.#first.waiting.length + this.#retries.waiting.length > 0;
    const isFree = this.#first.inFlight + this.#retries.inFlight < cap && !this.isSuspended;
    if (perSecond === null || !hasWaiting || !isFree) return undefined;
    return Math.max(1, Math.ceil(this.#nextAt - now));
  }

  done(wasRetry: boolean, now: number): void {
    (wasRetry ? this.#retries : this.#first).done(now);
  }

  drain(): ClaimedDelivery[] {
    return [...this.#first.waiting.splice(0), ...this.#retries.waiting.splice(0)];
  }

  #turn(cap: number): Backlog {
    if (this.#retries.waiting.length === 0) return this.#first;
    if (this.#first.waiting.length === 0) return this.#retries;
    return !this.#tookRetry && this.#retries.inFlight * 2 < cap ? this.#retries : this.#first;
  }
}

const isRetry = ({ attemptsCount }: ClaimedDelivery): boolean => attemptsCount > 0;
