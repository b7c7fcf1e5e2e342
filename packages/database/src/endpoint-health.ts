import { z } from 'zod';
import { appendAudit } from './append-audit.ts';
import { type EndpointNotice, lastErrorOf, publishEndpointFailing } from './endpoint-notices.ts';
import type { Making } from './event-publishing.ts';
import { type Pool, type Queryable, rows, transaction } from './pool.ts';

const DISABLE_AFTER_DAYS = 5;
const APART_HOURS = 12;
/** In one transaction; the others have the next one. */
const NOTICES_MAX = 100;
/** Who acts in the audit log. */
const ACTOR = 'notifier';

export const FAILING_REASON = `nothing succeeded for ${DISABLE_AFTER_DAYS} days`;
const HALF_REASON = `nothing succeeded for half of the ${DISABLE_AFTER_DAYS} days after which it is disabled`;

export interface FailingEndpoint {
  readonly endpointId: string;
  readonly failingSince: Date;
  /** How much of the time until it is disabled has passed: it is disabled at 100. */
  readonly percent: number;
}

export interface EndpointHealth {
  /**
   * Its deliveries stay pending until it is enabled. Not where it has moved away from the URL that said so. Answers
   * whether it was enabled until now.
   */
  disable(endpointId: string, reason: string, urlSealed: string): Promise<boolean>;
  /** Notices who has been failing for half of the time, and disables who has for all of it: each once, audited. */
  judge(): Promise<FailingEndpoint[]>;
}

const ENDPOINT = `e.id, e.name, e.providers`;
const endpointColumns = {
  id: z.string(),
  name: z.string(),
  providers: z.array(z.string()).nullable(),
  failing_since: z.date(),
};

const DISABLE = `UPDATE webhook_endpoint AS e SET enabled = false, disabled_reason = $2, updated_at = now()
  WHERE e.id = $1 AND e.enabled AND e.deleted_at IS NULL AND ($3::text IS NULL OR e.url_sealed = $3)
  RETURNING ${ENDPOINT}, coalesce((SELECT failing_since FROM endpoint_health WHERE endpoint_id = e.id), now()) AS failing_since`;
const DisabledRow = z.object(endpointColumns).transform(toEndpoint);

// Both rows are locked, or neither: whoever changes the endpoint locks them the other way round.
const NOTICE = `WITH failing AS (
    SELECT h.endpoint_id, ${ENDPOINT}, due.percent
    FROM endpoint_health AS h JOIN webhook_endpoint AS e ON e.id = h.endpoint_id
    CROSS JOIN LATERAL (
      SELECT CASE WHEN h.failing_since <= now() - interval '${DISABLE_AFTER_DAYS} days' THEN 100 ELSE 50 END AS percent) AS due
    WHERE h.failing_since <= now() - interval '${DISABLE_AFTER_DAYS} days' / 2 AND h.noticed_percent < due.percent
      AND h.last_failure_at >= h.failing_since + interval '${APART_HOURS} hours' AND e.enabled AND e.deleted_at IS NULL
    ORDER BY h.failing_since LIMIT ${NOTICES_MAX} FOR NO KEY UPDATE OF h, e SKIP LOCKED)
  UPDATE endpoint_health AS h SET noticed_percent = failing.percent
  FROM failing WHERE h.endpoint_id = failing.endpoint_id
  RETURNING failing.id, failing.name, failing.providers, h.failing_since, failing.percent`;
const NoticeRow = z
  .object({ ...endpointColumns, percent: z.union([z.literal(50), z.literal(100)]) })
  .transform((row) => ({ ...toEndpoint(row), percent: row.percent }));

function toEndpoint({
  failing_since: failingSince,
  id,
  name,
  providers,
}: z.output<z.ZodObject<typeof endpointColumns>>) {
  return { endpoint: { id, name, providers }, failingSince };
}
type Failing = ReturnType<typeof toEndpoint>;

interface Entry {
  readonly action: string;
  readonly endpointId: string;
  readonly before?: Record<string, unknown>;
  readonly after: Record<string, unknown>;
}

function audit(db: Queryable, { ids, clock }: Making, { endpointId, ...entry }: Entry): Promise<void> {
  const record = { id: ids.next('aud'), actor: ACTOR, targetType: 'webhook_endpoint', targetId: endpointId };
  return appendAudit(db, { ...record, ...entry }, clock.now());
}

interface Disabling {
  readonly endpointId: string;
  readonly reason: string;
  readonly lastError: EndpointNotice['lastError'];
  /** Null where it is not one URL's answer that disables it. */
  readonly urlSealed: string | null;
}

async function disable(
  db: Queryable,
  making: Making,
  { endpointId, reason, lastError, urlSealed }: Disabling,
): Promise<boolean> {
  const [disabled] = await rows(db, DisabledRow, { text: DISABLE, values: [endpointId, reason, urlSealed] });
  if (!disabled) return false;
  const change = { before: { enabled: true }, after: { enabled: false, disabled_reason: reason } };
  await audit(db, making, { action: 'webhook_endpoint.disabled', endpointId, ...change });
  await publishEndpointFailing(db, making, {
    ...disabled,
    percent: 100,
    isDisabled: true,
    reason,
    lastError,
  });
  return true;
}

async function giveNotice(
  db: Queryable,
  making: Making,
  { endpoint, failingSince, percent }: Failing & { percent: 50 | 100 },
) {
  const endpointId = endpoint.id;
  const after = { failing_since: failingSince.toISOString(), percent_until_disabled: percent };
  await audit(db, making, { action: 'webhook_endpoint.failing', endpointId, after });
  const lastError = await lastErrorOf(db, endpointId);
  if (percent === 100)
    await disable(db, making, { endpointId, reason: FAILING_REASON, lastError, urlSealed: null });
  else {
    const notice = { endpoint, failingSince, percent, isDisabled: false, reason: HALF_REASON, lastError };
    await publishEndpointFailing(db, making, notice);
  }
  return { endpointId, failingSince, percent };
}

/** What becomes of endpoints that fail: each step is audited, and told to the endpoints that subscribe to it. */
export function createEndpointHealth(pool: Pool, making: Making): EndpointHealth {
  return {
    disable: (endpointId, reason, urlSealed) =>
      transaction(pool, (db) => disable(db, making, { endpointId, reason, lastError: null, urlSealed })),
    judge: () =>
      transaction(pool, async (db) => {
        const noticed: FailingEndpoint[] = [];
        for (const failing of await rows(db, NoticeRow, { text: NOTICE }))
          noticed.push(await giveNotice(db, making, failing));
        return noticed;
      }),
  };
}
