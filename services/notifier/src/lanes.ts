import type { ClaimedDelivery, Room } from '@socmate/database';
import { Lane, type LaneLimits } from './lane.ts';

/** A claim asks for no further endpoint once it has asked for so many deliveries; the next one does. */
const MAX_CLAIM = 2_000;

/** The lanes of all endpoints with work: bookkeeping alone, it neither claims nor sends. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  /** They outlive idle lanes, so that an endpoint's next claim fits its own limits. */
  readonly #limits = new Map<string, LaneLimits>();
  readonly #defaultCap: number;
  readonly #now: () => number;

  /** `now` is in milliseconds of a clock that only goes forward. */
  constructor(defaultCap: number, now: () => number = () => performance.now()) {
    this.#defaultCap = defaultCap;
    this.#now = now;
  }

  /** The endpoint has, or may have, rows that are due. */
  want(endpointId: string): void {
    this.#lane(endpointId).want();
  }

  /** The lanes to claim for now; each is no longer wanted until the claim's answer says that there is more. */
  rooms(): Room[] {
    const rooms: Room[] = [];
    let size = 0;
    for (const [endpointId, lane] of this.#lanes) {
      if (size >= MAX_CLAIM) break;
      const room = lane.room(this.#now());
      if (!room) continue;
      rooms.push({ endpointId, ...room });
      size += room.first + room.retries;
    }
    for (const { endpointId } of rooms) this.#putLast(endpointId);
    return rooms;
  }

  /** What a claim brought; `asked` are the rooms that it was made for. */
  add(claimed: readonly ClaimedDelivery[], asked: readonly Room[]): void {
    const byEndpoint = Map.groupBy(claimed, ({ endpointId }) => endpointId);
    for (const room of asked) {
      const lane = this.#lane(room.endpointId);
      lane.add(byEndpoint.get(room.endpointId) ?? [], room);
      this.#forgetIdle(room.endpointId, lane);
    }
  }

  setLimits(endpointId: string, limits: LaneLimits): void {
    this.#limits.set(endpointId, limits);
    this.#lane(endpointId).setLimits(limits);
  }

  /** The next delivery that may be sent; it is in flight from now on. */
  take(endpointId: string): ClaimedDelivery | undefined {
    return this.#lanes.get(endpointId)?.take(this.#now());
  }

  /** How long until the endpoint's rate lets the next one go; undefined where no rate holds it. */
  waitMs(endpointId: string): number | undefined {
    return this.#lanes.get(endpointId)?.waitMs(this.#now());
  }

  done({ endpointId, attemptsCount }: Pick<ClaimedDelivery, 'endpointId' | 'attemptsCount'>): void {
    const lane = this.#lane(endpointId);
    lane.done(attemptsCount > 0, this.#now());
    this.#forgetIdle(endpointId, lane);
  }

  /** Takes and claims nothing for the endpoint until it goes on. */
  suspend(endpointId: string): void {
    this.#lane(endpointId).isSuspended = true;
  }

  resume(endpointId: string): void {
    const lane = this.#lanes.get(endpointId);
    if (!lane) return;
    lane.isSuspended = false;
    this.#forgetIdle(endpointId, lane);
  }

  /** Empties the endpoint's lane, or every lane, of what is not in flight. */
  drain(endpointId?: string): ClaimedDelivery[] {
    const ids = endpointId === undefined ? [...this.#lanes.keys()] : [endpointId];
    return ids.flatMap((id) => this.#lanes.get(id)?.drain() ?? []);
  }

  #lane(endpointId: string): Lane {
    const known = this.#lanes.get(endpointId);
    if (known) return known;
    const lane = new Lane(this.#limits.get(endpointId) ?? { cap: this.#defaultCap, perSecond: null });
    this.#lanes.set(endpointId, lane);
    return lane;
  }

  /** Whoever was asked for now is asked for last the next time. */
  #putLast(endpointId: string): void {
    const lane = this.#lane(endpointId);
    this.#lanes.delete(endpointId);
    this.#lanes.set(endpointId, lane);
  }

  #forgetIdle(endpointId: string, lane: Lane): void {
    if (lane.isIdle(this.#now())) this.#lanes.delete(endpointId);
  }
}
