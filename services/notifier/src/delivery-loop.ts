import { setTimeout as delay } from 'node:timers/promises';
import { context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import type { ClaimedDelivery, DeliveryQueue } from '@socmate/database';
import { createDeliver, type Deliver, type DeliverDeps } from './deliver.ts';
import { Lanes } from './lanes.ts';
import { Recorder } from './recorder.ts';

const DEFAULT_CAP = 10;
/** How long a Postgres that is away may hold up a stop. */
const STORE_GRACE_MS = 3_000;

export interface DeliveryLoopDeps extends Omit<DeliverDeps, 'deliveries' | 'recorder'> {
  readonly deliveries: DeliveryQueue;
  readonly owner: string;
}

/** Claims what is due for the endpoints that were woken, and sends it through their lanes. */
export class DeliveryLoop {
  readonly #deps: DeliveryLoopDeps;
  readonly #recorder: Recorder;
  readonly #deliver: Deliver;
  readonly #lanes = new Lanes(DEFAULT_CAP);
  /** Claimed by this owner and not yet stored as settled or given back. */
  readonly #held = new Set<string>();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #wakeUps = new Map<string, SpanContext>();
  readonly #cancel = new AbortController();
  #claiming: Promise<void> | undefined;
  #isKicked = false;
  #isClosing = false;
  #mayHoldUnknown = false;

  constructor(deps: DeliveryLoopDeps) {
    this.#deps = deps;
    const { deliveries, owner, log } = deps;
    const onStored = (deliveryIds: readonly string[]): void => {
      for (const id of deliveryIds) this.#held.delete(id);
    };
    this.#recorder = new Recorder({ deliveries, owner, log, onStored });
    this.#deliver = createDeliver({ ...deps, recorder: this.#recorder });
  }

  /** These endpoints have, or may have, deliveries that are due. */
  wake(endpointIds: readonly string[]): void {
    const wakeUp = trace.getSpanContext(context.active());
    for (const endpointId of endpointIds) {
      this.#lanes.want(endpointId);
      if (wakeUp) this.#wakeUps.set(endpointId, wakeUp);
    }
    this.#kick();
  }

  /** Takes no more, lets attempts end within the grace, gives the rest back, and stores what was answered. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    await this.#claiming;
    for (const { id } of this.#lanes.drain()) this.#recorder.putBack(id, 0);
    const grace = new AbortController();
    const graceOver = delay(graceMs, undefined, { signal: grace.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#inFlight), graceOver]);
    grace.abort();
    this.#cancel.abort();
    await Promise.all(this.#inFlight);
    await this.#recorder.close(AbortSignal.timeout(STORE_GRACE_MS));
  }

  #kick(): void {
    this.#isKicked = true;
    if (this.#isClosing || this.#claiming) return;
    // Claims outlive the job that woke them, so they are no part of its trace.
    this.#claiming = context.with(ROOT_CONTEXT, () => this.#claimAll());
  }

  async #claimAll(): Promise<void> {
    try {
      while (this.#isKicked && !this.#isClosing) {
        this.#isKicked = false;
        if (await this.#claim()) this.#isKicked = true;
      }
    } catch (err) {
      // The timer over due rows wakes these endpoints again.
      this.#deps.log.error({ err }, 'deliveries could not be claimed');
    } finally {
      // In the same turn as the loop's last look, so that no kick falls between the two.
      this.#claiming = undefined;
    }
  }

  /** Whether there was room to claim for. */
  async #claim(): Promise<boolean> {
    const { deliveries, owner, targets } = this.#deps;
    if (this.#mayHoldUnknown) await deliveries.freeAllBut(owner, [...this.#held]);
    this.#mayHoldUnknown = false;
    const rooms = this.#lanes.rooms();
    if (rooms.length === 0) return false;
    // A claim whose answer is lost leaves rows that this owner holds and does not know.
    this.#mayHoldUnknown = true;
    const claimed = await deliveries.claim(owner, rooms);
    await targets.refresh(claimed);
    this.#mayHoldUnknown = false;
    for (const { id } of claimed) this.#held.add(id);
    this.#lanes.add(claimed, rooms);
    this.#start(claimed);
    return true;
  }

  #start(claimed: readonly ClaimedDelivery[]): void {
    for (const endpointId of new Set(claimed.map((delivery) => delivery.endpointId))) {
      const target = this.#deps.targets.of(endpointId);
      if (!(target instanceof Error)) this.#lanes.setCap(endpointId, target.maxInFlight);
      this.#pump(endpointId);
    }
  }

  #pump(endpointId: string): void {
    for (let next = this.#lanes.take(endpointId); next; next = this.#lanes.take(endpointId)) {
      const sending: Promise<void> = this.#send(next).finally(() => this.#inFlight.delete(sending));
      this.#inFlight.add(sending);
    }
  }

  async #send(delivery: ClaimedDelivery): Promise<void> {
    const { endpointId } = delivery;
    try {
      await this.#deliver(delivery, this.#cancel.signal, this.#wakeUps.get(endpointId));
    } finally {
      this.#lanes.done(endpointId);
      this.#pump(endpointId);
      this.#kick();
    }
  }
}
