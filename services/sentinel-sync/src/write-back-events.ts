import { metrics } from '@opentelemetry/api';
import type { CommentClaim, StatusChangeClaim, WriteError } from '@socmate/database';
import type { Logger } from '@socmate/runtime';

const meter = metrics.getMeter('socmate');
const writes = meter.createCounter('socmate_incident_writes', {
  description: 'Comments and status changes written back to Sentinel, by outcome',
});
const lag = meter.createGauge('socmate_queue_lag_seconds', {
  description: 'How long what is due has waited at most',
  unit: 's',
});

type Claim = CommentClaim | StatusChangeClaim;

const fieldsOf = ({ id, incident_id: incidentId, provider_id: providerId }: Claim) => ({
  id,
  incidentId,
  providerId,
});

export function commentPosted(log: Logger, claim: CommentClaim): void {
  writes.add(1, { kind: 'comment', outcome: 'posted' });
  log.info(fieldsOf(claim), 'comment posted');
}

export function commentFailed(log: Logger, claim: CommentClaim, error: WriteError): void {
  writes.add(1, { kind: 'comment', outcome: 'failed' });
  log.warn({ ...fieldsOf(claim), error }, 'comment could not be posted');
}

export function statusChangeEnded(
  log: Logger,
  claim: StatusChangeClaim,
  { status, error }: { readonly status: string; readonly error: WriteError | null },
): void {
  writes.add(1, { kind: 'status_change', outcome: status });
  log.info({ ...fieldsOf(claim), status, error }, 'status change ended');
}

export const writeWaits = (log: Logger, claim: Claim, reason: WriteError | null): void =>
  log.warn({ ...fieldsOf(claim), reason }, 'write to sentinel waits');

export const writesThrottled = (log: Logger, providerId: string, retryAfterS: number): void =>
  log.warn({ providerId, retryAfterS }, 'azure throttles writes of incidents');

export const writesDue = (queue: string, lagMs: number): void => lag.record(lagMs / 1_000, { queue });
