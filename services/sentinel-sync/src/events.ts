import { metrics } from '@opentelemetry/api';
import type { ClaimedProvider, DetailsClaim, ProviderConnection, SyncError } from '@socmate/database';
import type { Logger } from '@socmate/runtime';

const meter = metrics.getMeter('socmate');
const incidents = meter.createCounter('socmate_incidents_synced', {
  description: 'Incidents stored, by change',
});
const skipped = meter.createCounter('socmate_incidents_skipped', {
  description: 'Incidents that could not be read or stored',
});
const deletions = meter.createCounter('socmate_incidents_deleted', {
  description: 'Incidents found deleted in Sentinel',
});
const alerts = meter.createCounter('socmate_incident_alerts', { description: 'Alert events, by reason' });
const syncs = meter.createCounter('socmate_syncs', { description: 'Syncs of a workspace, by outcome' });
const reconciliations = meter.createCounter('socmate_reconciliations', {
  description: 'Comparisons of a workspace with what Sentinel lists, by outcome',
});
const durations = meter.createHistogram('socmate_sync_duration_seconds', {
  description: 'Of a whole sync',
  unit: 's',
  advice: { explicitBucketBoundaries: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900] },
});
const details = meter.createCounter('socmate_incident_details', {
  description: 'Incidents whose alerts and entities were read, by outcome',
});
const lag = meter.createGauge('socmate_queue_lag_seconds', {
  description: 'How long what is due has waited at most',
  unit: 's',
});

export interface PageCounts {
  readonly inserted: number;
  readonly changed: number;
  readonly skipped: number;
}

export interface AlertCounts {
  readonly new: number;
  readonly raised: number;
}

export function pageStored(
  log: Logger,
  providerId: string,
  page: number,
  { inserted, changed, skipped: left, alerted }: PageCounts & { readonly alerted: AlertCounts },
): void {
  incidents.add(inserted, { change: 'inserted' });
  incidents.add(changed, { change: 'changed' });
  skipped.add(left);
  alerts.add(alerted.new, { reason: 'new' });
  alerts.add(alerted.raised, { reason: 'raised' });
  log.debug({ providerId, page, inserted, changed, skipped: left, alerted }, 'page of incidents stored');
}

export function incidentSkipped(
  log: Logger,
  providerId: string,
  incident: { readonly name: string | null; readonly number: number | null; readonly reason: string },
): void {
  log.error({ providerId, ...incident }, 'incident could not be stored');
}

interface SyncCounts extends PageCounts {
  readonly pages: number;
  readonly durationMs: number;
}

const countsOf = ({ pages, inserted, changed, skipped: left, durationMs }: SyncCounts) => ({
  pages,
  inserted,
  changed,
  skipped: left,
  durationMs,
});

export function syncSucceeded(log: Logger, provider: ClaimedProvider, counts: SyncCounts): void {
  syncs.add(1, { outcome: 'success' });
  durations.record(counts.durationMs / 1_000);
  const fields = { providerId: provider.id, provider: provider.name, ...countsOf(counts) };
  if (counts.inserted + counts.changed + counts.skipped > 0) log.info(fields, 'workspace synced');
  else log.debug(fields, 'workspace synced');
}

export function reconciled(
  log: Logger,
  provider: ClaimedProvider,
  { deleted, ...counts }: SyncCounts & { readonly deleted: number },
): void {
  reconciliations.add(1, { outcome: 'success' });
  const fields = { providerId: provider.id, provider: provider.name, deleted, ...countsOf(counts) };
  log.info(fields, 'workspace reconciled');
}

export function reconciliationFailed(
  log: Logger,
  provider: ClaimedProvider,
  { err, retryInS }: { readonly err: unknown; readonly retryInS: number },
): void {
  reconciliations.add(1, { outcome: 'failure' });
  const fields = { err, providerId: provider.id, provider: provider.name, retryInS };
  log.error(fields, 'workspace could not be reconciled');
}

export function incidentsDeleted(log: Logger, providerId: string, count: number): void {
  deletions.add(count);
  log.info({ providerId, incidents: count }, 'incidents were deleted in sentinel');
}

export function syncFailed(
  log: Logger,
  provider: ClaimedProvider,
  { err, error, retryInS }: { readonly err: unknown; readonly error: SyncError; readonly retryInS: number },
): void {
  syncs.add(1, { outcome: 'failure' });
  const fields = { err, providerId: provider.id, provider: provider.name, error, retryInS };
  log.error(fields, 'workspace could not be synced');
}

export const syncStopped = (log: Logger, provider: ClaimedProvider): void =>
  log.info({ providerId: provider.id }, 'sync stopped, to be taken up again');

export const syncsDue = (lagMs: number): void => lag.record(lagMs / 1_000, { queue: 'sync-provider' });

export function detailsStored(log: Logger, providerId: string, count: number, changed: number): void {
  details.add(count, { outcome: 'success' });
  log.debug({ providerId, incidents: count, changed }, 'alerts and entities stored');
}

export function detailsFailed(
  log: Logger,
  { providerId, err }: { providerId: string; err: unknown },
  claim: DetailsClaim,
): void {
  details.add(1, { outcome: 'failure' });
  log.warn({ err, providerId, incidentId: claim.incidentId }, 'alerts and entities could not be read');
}

export const detailsBlocked = (log: Logger, provider: ProviderConnection, retryAfterS: number): void =>
  log.warn({ providerId: provider.id, retryAfterS }, 'azure throttles reads of alerts and entities');
