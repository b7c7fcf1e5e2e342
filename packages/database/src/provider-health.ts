import type { ProviderUnhealthy } from '@socmate/contracts';
import { z } from 'zod';
import { type Making, type NewEvent, publishEvents } from './event-publishing.ts';
import { type Queryable, rows, run } from './pool.ts';

/** A workspace is unhealthy from so many failed syncs in a row on. */
const FAILURES = 3;
/** Or so long before its credential ends. */
const CREDENTIAL_ENDS_WITHIN = '14 days';

const Problem = z.object({
  kind: z.enum(['sync', 'credential']),
  code: z.string(),
  message: z.string(),
  since: z.iso.datetime(),
});
type Problem = z.output<typeof Problem>;

const HealthRow = z.object({
  id: z.string(),
  name: z.string(),
  consecutive_failures: z.int(),
  last_error: z.object({ code: z.string(), message: z.string() }).nullable(),
  failing_since: z.date().nullable(),
  last_synced_at: z.date().nullable(),
  unhealthy: Problem.nullable(),
  credential_ends_at: z.date().nullable(),
  now: z.date(),
});
type Health = z.output<typeof HealthRow>;

const HEALTH = `SELECT id, name, consecutive_failures, last_error, failing_since, last_synced_at, unhealthy, now() AS now,
    CASE WHEN credential_expires_at < now() + interval '${CREDENTIAL_ENDS_WITHIN}' THEN credential_expires_at END
      AS credential_ends_at
  FROM siem_provider WHERE id = $1 FOR NO KEY UPDATE`;

function problemOf({ name, now, ...health }: Health): Problem | undefined {
  const { consecutive_failures: failures, last_error: error, credential_ends_at: endsAt } = health;
  if (failures >= FAILURES && error)
    return { kind: 'sync', ...error, since: (health.failing_since ?? now).toISOString() };
  if (!endsAt) return undefined;
  const message = `The certificate of workspace ${name} ends at ${endsAt.toISOString()}: store a new one before`;
  return { kind: 'credential', code: 'credential_ending', message, since: now.toISOString() };
}

function eventOf(
  { id, name, last_synced_at: syncedAt }: Health,
  type: 'provider-unhealthy' | 'provider-recovered',
  { kind, code, message, since }: Problem,
): NewEvent {
  const data: ProviderUnhealthy = {
    provider: name,
    error: { code, message },
    failing_since: since,
    last_success_at: syncedAt?.toISOString() ?? null,
  };
  const causeKey = `provider:${id}:${type}:${kind}:${since}`;
  return { type, causeKey, providerId: id, traits: { type, provider: name }, data };
}

/**
 * Tells once that a workspace is unhealthy and once that it is well again, in the transaction in which a sync ends.
 * Answers the endpoints to wake once that has committed.
 */
export async function publishProviderHealth(
  db: Queryable,
  making: Making,
  providerId: string,
): Promise<string[]> {
  const [health] = await rows(db, HealthRow, { name: 'provider-health', text: HEALTH, values: [providerId] });
  if (!health) return [];
  const known = health.unhealthy ?? undefined;
  const found = problemOf(health);
  // Between the first failure and the third nothing is known to be well again.
  if (found?.kind === known?.kind || (!found && health.consecutive_failures > 0)) return [];
  const isOver = known && (!found || known.kind === 'sync');
  const events = [
    ...(isOver ? [eventOf(health, 'provider-recovered', known)] : []),
    ...(found ? [eventOf(health, 'provider-unhealthy', found)] : []),
  ];
  const text = 'UPDATE siem_provider SET unhealthy = $2 WHERE id = $1';
  await run(db, { text, values: [providerId, found ?? null] });
  return publishEvents(db, making, events, undefined);
}
