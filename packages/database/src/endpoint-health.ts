import type { Clock, Ids } from '@socmate/runtime';
import { z } from 'zod';
import { appendAudit } from './append-audit.ts';
import { type Pool, type Queryable, rows, transaction } from './pool.ts';

const DISABLE_AFTER_DAYS = 5;
const APART_HOURS = 12;
/** Who acts in the audit log. */
const ACTOR = 'notifier';

export const FAILING_REASON = `nothing succeeded for ${DISABLE_AFTER_DAYS} days`;

export interface FailingEndpoint {
  readonly endpointId: string;
  readonly failingSince: Date;
  /** How much of the time until it is disabled has passed: it is disabled at 100. */
  readonly percent: number;
}

export interface EndpointHealth {
  /** Its deliveries stay pending until it is enabled. Answers whether it was enabled until now. */
  disable(endpointId: string, reason: string): Promise<boolean>;
  /** Notices who has been failing for half of the time, and disables who has for all of it: each once, audited. */
  judge(): Promise<FailingEndpoint[]>;
}

export interface EndpointHealthDeps {
  readonly ids: Ids;
  readonly clock: Clock;
}

const DISABLE = `UPDATE webhook_endpoint SET enabled = false, disabled_reason = $2, updated_at = now()
  WHERE id = $1 AND enabled AND deleted_at IS NULL RETURNING id`;

const NOTICE = `WITH failing AS (
    SELECT endpoint_id, CASE WHEN failing_since <= now() - interval '${DISABLE_AFTER_DAYS} days' THEN 100 ELSE 50 END AS percent
    FROM endpoint_health
    WHERE failing_since <= now() - interval '${DISABLE_AFTER_DAYS} days' / 2 AND noticed_percent < 100
      AND last_failure_at >= failing_since + interval '${APART_HOURS} hours'
    ORDER BY endpoint_id FOR UPDATE SKIP LOCKED)
  UPDATE endpoint_health AS h SET noticed_percent = failing.percent
  FROM failing JOIN webhook_endpoint AS e ON e.id = failing.endpoint_id AND e.enabled AND e.deleted_at IS NULL
  WHERE h.endpoint_id = failing.endpoint_id AND h.noticed_percent < failing.percent
  RETURNING h.endpoint_id, h.failing_since, failing.percent`;

const NoticeRow = z.object({ endpoint_id: z.string(), failing_since: z.date(), percent: z.int() }).transform(
  (row): FailingEndpoint => ({
    endpointId: row.endpoint_id,
    failingSince: row.failing_since,
    percent: row.percent,
  }),
);

export function createEndpointHealth(pool: Pool, { ids, clock }: EndpointHealthDeps): EndpointHealth {
  const disable = async (db: Queryable, endpointId: string, reason: string): Promise<boolean> => {
    const disabled = await rows(db, z.object({ id: z.string() }), {
      text: DISABLE,
      values: [endpointId, reason],
    });
    if (disabled.length === 0) return false;
    const change = { before: { enabled: true }, after: { enabled: false, disabled_reason: reason } };
    await audit(db, 'webhook_endpoint.disabled', endpointId, change);
    return true;
  };

  const audit = (
    db: Queryable,
    action: string,
    targetId: string,
    change: { before?: Record<string, unknown>; after: Record<string, unknown> },
  ): Promise<void> => {
    const record = { id: ids.next('aud'), actor: ACTOR, action, targetType: 'webhook_endpoint', targetId };
    return appendAudit(db, { ...record, ...change }, clock.now());
  };

  return {
    disable: (endpointId, reason) => transaction(pool, (db) => disable(db, endpointId, reason)),
    judge: () =>
      transaction(pool, async (db) => {
        const noticed = await rows(db, NoticeRow, { text: NOTICE });
        for (const { endpointId, failingSince, percent } of noticed) {
          const after = { failing_since: failingSince.toISOString(), percent_until_disabled: percent };
          await audit(db, 'webhook_endpoint.failing', endpointId, { after });
          if (percent === 100) await disable(db, endpointId, FAILING_REASON);
        }
        return noticed;
      }),
  };
}
