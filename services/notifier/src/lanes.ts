import type { ClaimedDelivery, Room } from '@socmate/database';

/** A lane looks at most this many caps ahead. */
const MAX_AHEAD_CAPS = 8;

/**
 * One endpoint's deliveries in this process, under its own in-flight cap. It claims ahead as much as it finished
 * since its last claim: a fast endpoint never waits for a claim, and a hanging one holds no more than its cap.
 */
class Lane {
  cap: number;
  readonly waiting: ClaimedDelivery[] = [];
  inFlight = 0;
  /** There may be more due rows than were claimed. */
  isWanted = false;
  doneSinceClaim = 0;

  constructor(cap: number) {
    this.cap = cap;
  }

  get isIdle(): boolean {
    return !this.isWanted && this.inFlight === 0 && this.waiting.length === 0;
  }

  free(): number {
    const ahead = Math.min(this.doneSinceClaim, this.cap * MAX_AHEAD_CAPS);
    const held = this.inFlight + this.waiting.length;
    const isLow = held < this.cap || this.waiting.length * 2 <= ahead;
    return isLow ? this.cap + ahead - held : 0;
  }
}

/** The lanes of all endpoints with work: bookkeeping alone, it neither claims nor sends. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  /** They outlive idle lanes, so that an endpoint's next claim fits its own cap. */
  readonly #caps = new Map<string, number>();
  readonly #defaultCap: number;

  constructor(defaultCap: number) {
    this.#defaultCap = defaultCap;
  }

  /** The endpoint has, or may have, rows that are due. */
  want(endpointId: string): void {
    this.#lane(endpointId).isWanted = true;
  }

  /** The lanes to claim for now; each is no longer wanted until the claim's answer says that there is more. */
  rooms(): Room[] {
    const rooms: Room[] = [];
    for (const [endpointId, lane] of this.#lanes) {
      const free = lane.isWanted ? lane.free() : 0;
      if (free <= 0) continue;
      rooms.push({ endpointId, free });
      lane.isWanted = false;
      lane.doneSinceClaim = 0;
    }
    return rooms;
  }

  /** What a claim brought; `asked` are the rooms that it was made for. */
  add(claimed: readonly ClaimedDelivery[], asked: readonly Room[]): void {
    const got = new Map<string, number>();
    for (const delivery of claimed) {
      this.#lane(delivery.endpointId).waiting.push(delivery);
      got.set(delivery.endpointId, (got.get(delivery.endpointId) ?? 0) + 1);
    }
    for (const { endpointId, free } of asked) {
      const lane = this.#lane(endpointId);
      if ((got.get(endpointId) ?? 0) >= free) lane.isWanted = true;
      this.#forgetIdle(endpointId, lane);
    }
  }

  setCap(endpointId: string, cap: number): void {
    this.#caps.set(endpointId, cap);
    this.#lane(endpointId).cap = cap;
  }

  /** The next delivery that may be sent; it is in flight from now on. */
  take(endpointId: string): ClaimedDelivery | undefined {
    const lane = this.#lanes.get(endpointId);
    if (!lane || lane.inFlight >= lane.cap) return undefined;
    const delivery = lane.waiting.shift();
    if (delivery) lane.inFlight += 1;
    return delivery;
  }

  done(endpointId: string): void {
    const lane = this.#lane(endpointId);
    lane.inFlight -= 1;
    lane.doneSinceClaim += 1;
    this.#forgetIdle(endpointId, lane);
  }

  /** Empties every lane of what is not in flight. */
  drain(): ClaimedDelivery[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.waiting.splice(0));
  }

  #lane(endpointId: string): Lane {
    const known = this.#lanes.get(endpointId);
    if (known) return known;
    const lane = new Lane(this.#caps.get(endpointId) ?? this.#defaultCap);
    this.#lanes.set(endpointId, lane);
    return lane;
  }

  #forgetIdle(endpointId: string, lane: Lane): void {
    if (lane.isIdle) this.#lanes.delete(endpointId);
  }
}
