export { defineQueue, type QueueDefinition, type QueueRetry } from './define-queue.ts';
export { type EventFilter, type EventTraits, matchesEvent } from './event-matching.ts';
export {
  AlertReason,
  DeliveredType,
  EventType,
  IncidentAlert,
  InvestigationTrigger,
  renderEvent,
} from './events.ts';
export { type DeliverWebhook, deliverWebhook, type SyncProvider, syncProvider } from './queues.ts';
export { Scope } from './scopes.ts';
export { ALERT_SEVERITY_MIN, Priority, Severity, severityRank } from './severity.ts';
