import type { ClaimedDelivery, DeliveryQueue } from '@socmate/database';

/** A server that lost its client may still carry out the claim for this long. */
const REMEMBERED_MS = 60_000;

/** Names claims, and frees those whose answers were lost: their rows are held by this process, and it does not know. */
export class LostClaims {
  readonly #deliveries: Pick<DeliveryQueue, 'freeClaims'>;
  readonly #lost = new Map<string, number>();
  #made = 0;

  constructor(deliveries: Pick<DeliveryQueue, 'freeClaims'>) {
    this.#deliveries = deliveries;
  }

  /** The claim under a lease of its own; one that throws is freed before the next. */
  async unlessAnswered(
    owner: string,
    claim: (lease: string) => Promise<ClaimedDelivery[]>,
  ): Promise<ClaimedDelivery[]> {
    this.#made += 1;
    const lease = `${owner}:${this.#made}`;
    try {
      return await claim(lease);
    } catch (fault) {
      this.#lost.set(lease, performance.now() + REMEMBERED_MS);
      throw fault;
    }
  }

  async free(): Promise<void> {
    if (this.#lost.size === 0) return;
    const leases = [...this.#lost.keys()];
    await this.#deliveries.freeClaims(leases);
    const now = performance.now();
    for (const [lease, until] of this.#lost) if (until < now) this.#lost.delete(lease);
  }
}
