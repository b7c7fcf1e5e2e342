import type { AlertReason, EventType, InvestigationTrigger } from './events.ts';
import { ALERT_SEVERITY_MIN, type Priority, severityRank } from './severity.ts';

/** What of an endpoint decides which events it gets. */
export interface EventFilter {
  readonly eventTypes: readonly EventType[];
  readonly severityMin: Priority | null;
  readonly alertOn: readonly AlertReason[];
  readonly triggers: readonly InvestigationTrigger[];
  /** Workspace names; null is all of them. */
  readonly providers: readonly string[] | null;
}

/** What of an event decides who gets it. */
export type EventTraits =
  | {
      readonly type: 'incident-alert';
      readonly reason: AlertReason;
      readonly severity: Priority;
      readonly previousSeverity: Priority | null;
      readonly provider: string;
    }
  | {
      readonly type: 'investigation-completed' | 'investigation-failed';
      readonly trigger: InvestigationTrigger;
      readonly provider: string;
    }
  | { readonly type: 'schedule-disabled'; readonly provider: string };

/**
 * A rise reaches an endpoint once: as `raised` where the endpoint's own minimum had been met before,
 * as `new` where this rise is the first to meet it.
 */
function wantsAlert(filter: EventFilter, event: Extract<EventTraits, { type: 'incident-alert' }>): boolean {
  const min = severityRank(filter.severityMin ?? ALERT_SEVERITY_MIN);
  if (severityRank(event.severity) < min || !filter.alertOn.includes(event.reason)) return false;
  if (event.previousSeverity === null) return true;
  const wasMet = severityRank(event.previousSeverity) >= min;
  return event.reason === 'raised' ? wasMet : !wasMet;
}

export function matchesEvent(filter: EventFilter, event: EventTraits): boolean {
  if (!filter.eventTypes.includes(event.type)) return false;
  if (filter.providers !== null && !filter.providers.includes(event.provider)) return false;
  if (event.type === 'incident-alert') return wantsAlert(filter, event);
  return event.type === 'schedule-disabled' || filter.triggers.includes(event.trigger);
}
