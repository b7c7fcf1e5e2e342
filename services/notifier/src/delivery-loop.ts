import { setTimeout as delay } from 'node:timers/promises';
import { context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import type {
  ClaimedDelivery,
  DeliveryQueue,
  EndpointTurn,
  Ownership,
  SettledAttempt,
} from '@socmate/database';
import { createDeliver, type Deliver, type DeliverDeps } from './deliver.ts';
import { FailureStreaks } from './failure-streaks.ts';
import { Lanes } from './lanes.ts';
import { LostClaims } from './lost-claims.ts';
import { Recorder } from './recorder.ts';

const DEFAULT_CAP = 10;
/** How long a Postgres that is away may hold up a stop. */
const STORE_GRACE_MS = 3_000;

export interface DeliveryLoopDeps extends Omit<DeliverDeps, 'recorder'> {
  readonly deliveries: Pick<DeliveryQueue, 'claim' | 'settle' | 'putBack' | 'freeClaims'>;
  readonly ownership: Pick<Ownership, 'owner' | 'replicas' | 'isAlive' | 'onLapse'>;
  /** The consecutive failures that open an endpoint's breaker. */
  readonly breakerFailures: number;
}

/** Claims what is due for the endpoints that were woken, and sends it through their lanes. */
export class DeliveryLoop {
  readonly #deps: DeliveryLoopDeps;
  readonly #recorder: Recorder;
  readonly #deliver: Deliver;
  readonly #lanes = new Lanes(DEFAULT_CAP);
  readonly #streaks: FailureStreaks;
  readonly #lost: LostClaims;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #wakeUps = new Map<string, SpanContext>();
  readonly #paces = new Map<string, NodeJS.Timeout>();
  #cancel = new AbortController();
  #claiming: Promise<void> | undefined;
  #isKicked = false;
  #isClosing = false;

  constructor(deps: DeliveryLoopDeps) {
    this.#deps = deps;
    const { deliveries, log } = deps;
    const onStored = (attempts: readonly SettledAttempt[], turns: readonly EndpointTurn[]): void =>
      this.#stored(attempts, turns);
    const recorder = new Recorder({ deliveries, log, onStored });
    this.#recorder = recorder;
    this.#streaks = new FailureStreaks(deps.breakerFailures);
    this.#lost = new LostClaims(deliveries);
    const settle = (attempt: SettledAttempt): void => this.#settle(attempt);
    this.#deliver = createDeliver({
      ...deps,
      recorder: { settle, putBack: recorder.putBack.bind(recorder) },
    });
    deps.ownership.onLapse(() => this.#lapse());
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
    for (const timer of this.#paces.values()) clearTimeout(timer);
    for (const delivery of this.#lanes.drain()) this.#recorder.putBack(delivery, 0);
    await this.#attemptsEnd(graceMs);
    this.#cancel.abort();
    await this.#attemptsEnd(STORE_GRACE_MS);
    await this.#recorder.close(AbortSignal.timeout(STORE_GRACE_MS));
  }

  /** Resolves when no attempt is left, or after a time. */
  async #attemptsEnd(withinMs: number): Promise<void> {
    const wait = new AbortController();
    const over = delay(withinMs, undefined, { signal: wait.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#inFlight), over]);
    wait.abort();
  }

  /** From here on others may have what this process holds. */
  #lapse(): void {
    this.#cancel.abort();
    if (!this.#isClosing) this.#cancel = new AbortController();
    for (const delivery of this.#lanes.drain()) this.#recorder.putBack(delivery, 0);
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
    const { deliveries, ownership, targets } = this.#deps;
    await this.#lost.free();
    if (!ownership.isAlive()) return false;
    const rooms = this.#lanes.rooms();
    if (rooms.length === 0) return false;
    const { owner } = ownership;
    const answered = await this.#lost.unlessAnswered(owner, async (lease) => {
      const answer = await deliveries.claim(lease, rooms);
      await targets.refresh(answer);
      return answer;
    });
    // Who was declared dead while the claim ran may be alive again under a new name: others have its rows.
    const isOurs = ownership.owner === owner && ownership.isAlive();
    const claimed = isOurs ? answered : [];
    if (!isOurs) for (const delivery of answered) this.#recorder.putBack(delivery, 0);
    this.#lanes.add(claimed, rooms);
    for (const endpointId of new Set(claimed.map((delivery) => delivery.endpointId))) this.#pump(endpointId);
    return true;
  }

  #pump(endpointId: string): void {
    this.#limit(endpointId);
    for (let next = this.#lanes.take(endpointId); next; next = this.#lanes.take(endpointId)) {
      const sending: Promise<void> = this.#send(next).finally(() => this.#inFlight.delete(sending));
      this.#inFlight.add(sending);
    }
    const waitMs = this.#lanes.waitMs(endpointId);
    if (waitMs === undefined || this.#isClosing || this.#paces.has(endpointId)) return;
    const goOn = (): void => {
      this.#paces.delete(endpointId);
      this.#pump(endpointId);
    };
    this.#paces.set(endpointId, setTimeout(goOn, waitMs));
  }

  /** Each living process takes its even share of an endpoint's rate. */
  #limit(endpointId: string): void {
    const target = this.#deps.targets.of(endpointId);
    if (target instanceof Error) return;
    const { maxInFlight, rateLimitPerSecond: rate } = target;
    const perSecond = rate === null ? null : rate / Math.max(1, this.#deps.ownership.replicas);
    this.#lanes.setLimits(endpointId, { cap: maxInFlight, perSecond });
  }

  async #send(delivery: ClaimedDelivery): Promise<void> {
    const { endpointId } = delivery;
    try {
      await this.#deliver(delivery, this.#cancel.signal, this.#wakeUps.get(endpointId));
    } finally {
      this.#lanes.done(delivery);
      this.#pump(endpointId);
      this.#kick();
    }
  }

  #settle(attempt: SettledAttempt): void {
    const { endpointId, outcome } = attempt;
    if (this.#streaks.answered(endpointId, outcome === 'success')) this.#lanes.suspend(endpointId);
    this.#recorder.settle(attempt);
  }

  /** Where the breaker is open, nothing that waits is sent; where an endpoint recovered, more may be due. */
  #stored(attempts: readonly SettledAttempt[], turns: readonly EndpointTurn[]): void {
    const { open, recovered, released } = this.#streaks.stored(attempts, turns);
    for (const endpointId of open)
      for (const delivery of this.#lanes.drain(endpointId)) this.#recorder.putBack(delivery, 0);
    for (const endpointId of [...open, ...released]) this.#lanes.resume(endpointId);
    for (const endpointId of released) this.#pump(endpointId);
    if (recovered.length + released.length > 0) this.wake([...recovered, ...released]);
  }
}
