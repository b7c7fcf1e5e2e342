import { type EventFilters, type FilteredIncident, matchesFilters } from './event-filters.ts';
import type { AlertReason, EventType, IncidentAlert, InvestigationTrigger } from './events.ts';
import { ALERT_SEVERITY_MIN, type Priority, severityRank } from './severity.ts';

/** What of an endpoint decides which events it gets. */
export interface EventFilter {
  readonly endpointId: string;
  readonly eventTypes: readonly EventType[];
  readonly severityMin: Priority | null;
  readonly alertOn: readonly AlertReason[];
  readonly triggers: readonly InvestigationTrigger[];
  /** Workspace names; null is all of them. */
  readonly providers: readonly string[] | null;
  readonly filters: EventFilters;
}

/** What of an event decides who gets it. */
export type EventTraits =
  | {
      readonly type: 'incident-alert';
      readonly reason: AlertReason;
      readonly severity: Priority;
      readonly previousSeverity: Priority | null;
      readonly provider: string;
      readonly incident: FilteredIncident;
    }
  | {
      readonly type: 'investigation-completed' | 'investigation-failed';
      readonly trigger: InvestigationTrigger;
      readonly provider: string;
    }
  | {
      readonly type: 'schedule-disabled' | 'provider-unhealthy' | 'provider-recovered';
      readonly provider: string;
    }
  | {
      readonly type: 'endpoint-failing';
      /** The one that fails. */
      readonly endpointId: string;
      /** What it is limited to; null is all workspaces. */
      readonly providers: readonly string[] | null;
    };

/** What an alert's data says about who gets it. */
export const alertTraits = (data: IncidentAlert): EventTraits => ({
  type: 'incident-alert',
  reason: data.reason,
  severity: data.incident.severity,
  previousSeverity: data.previous_severity,
  provider: data.incident.provider,
  incident: data.incident,
});

/**
 * A rise reaches an endpoint once: as `raised` where the endpoint's own minimum had been met before,
 * as `new` where this rise is the first to meet it.
 */
function wantsAlert(filter: EventFilter, event: Extract<EventTraits, { type: 'incident-alert' }>): boolean {
  const min = severityRank(filter.severityMin ?? ALERT_SEVERITY_MIN);
  if (severityRank(event.severity) < min || !filter.alertOn.includes(event.reason)) return false;
  if (!matchesFilters(filter.filters, event.incident)) return false;
  if (event.previousSeverity === null) return true;
  const wasMet = severityRank(event.previousSeverity) >= min;
  return event.reason === 'raised' ? wasMet : !wasMet;
}

/** Not the one that fails, nor one that is limited to workspaces and would hear of others. */
function wantsNotice(
  filter: EventFilter,
  event: Extract<EventTraits, { type: 'endpoint-failing' }>,
): boolean {
  if (event.endpointId === filter.endpointId) return false;
  const { providers } = filter;
  return providers === null || (event.providers?.every((name) => providers.includes(name)) ?? false);
}

export function matchesEvent(filter: EventFilter, event: EventTraits): boolean {
  if (!filter.eventTypes.includes(event.type)) return false;
  if (event.type === 'endpoint-failing') return wantsNotice(filter, event);
  if (filter.providers !== null && !filter.providers.includes(event.provider)) return false;
  if (event.type === 'incident-alert') return wantsAlert(filter, event);
  return 'trigger' in event ? filter.triggers.includes(event.trigger) : true;
}
