import { sealContext } from '@socmate/contracts';
import { parseWebhookSecret, type Sealer } from '@socmate/crypto';
import type { ClaimedDelivery, DeliveryQueue, EndpointTarget } from '@socmate/database';
import { checkTarget, type TargetPolicy } from '@socmate/egress';

/** An endpoint as the sender needs it, opened. */
export interface Target {
  readonly id: string;
  readonly url: URL;
  /** The URL was allowed when it was given and is refused now: the operator's policy changed. */
  readonly isBlocked: boolean;
  readonly keys: readonly Uint8Array[];
  readonly timeoutMs: number;
  readonly retryScheduleS: readonly number[];
  readonly maxInFlight: number;
}

export interface Targets {
  /** Reads what changed among the endpoints of these deliveries: usually nothing. */
  refresh(claimed: readonly ClaimedDelivery[]): Promise<void>;
  /** The endpoint, or why its secrets cannot be opened. */
  of(endpointId: string): Target | Error;
}

interface TargetsDeps {
  readonly deliveries: Pick<DeliveryQueue, 'targets'>;
  readonly sealer: Sealer;
  readonly policy: TargetPolicy;
  readonly retryScheduleS: readonly number[];
}

export function createTargets({ deliveries, sealer, policy, retryScheduleS }: TargetsDeps): Targets {
  const known = new Map<string, { version: string; target: Target | Error }>();

  const isBlocked = (url: string): boolean => {
    try {
      checkTarget(url, policy);
      return false;
    } catch {
      return true;
    }
  };
  const openUrl = (row: EndpointTarget): Pick<Target, 'url' | 'isBlocked'> => {
    const url = sealer.open(row.urlSealed, sealContext.webhookUrl(row.id));
    return { url: new URL(url), isBlocked: isBlocked(url) };
  };
  const open = (row: EndpointTarget): Target => ({
    id: row.id,
    ...openUrl(row),
    keys: [parseWebhookSecret(sealer.open(row.secretSealed, sealContext.webhookSecret(row.id)))],
    timeoutMs: row.timeoutMs,
    retryScheduleS: row.retryScheduleS ?? retryScheduleS,
    maxInFlight: row.maxInFlight,
  });
  const tryOpen = (row: EndpointTarget): Target | Error => {
    try {
      return open(row);
    } catch (fault) {
      return new Error(`endpoint ${row.id} cannot be opened`, { cause: fault });
    }
  };

  return {
    refresh: async (claimed) => {
      const stale = claimed.filter((d) => known.get(d.endpointId)?.version !== d.endpointVersion);
      if (stale.length === 0) return;
      const rows = await deliveries.targets([...new Set(stale.map((delivery) => delivery.endpointId))]);
      for (const row of rows) known.set(row.id, { version: row.version, target: tryOpen(row) });
    },
    of: (endpointId) => known.get(endpointId)?.target ?? new Error(`endpoint ${endpointId} is gone`),
  };
}
