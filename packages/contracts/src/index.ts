export { ApiKey, ApiKeyPatch, ApiKeyStatus, ApiKeyToCreate, CreatedApiKey } from './api-keys.ts';
export { AuditEntry } from './audit-log.ts';
export { defineQueue, type QueueDefinition, type QueueOwner, type QueueRetry } from './define-queue.ts';
export {
  Entity,
  EntitySource,
  EntityStrength,
  EntityType,
  FilterableEntityType,
  Relation,
  RelationKind,
} from './entities.ts';
export { type EventFilter, type EventTraits, matchesEvent } from './event-matching.ts';
export {
  AlertReason,
  DeliveredType,
  EventType,
  IncidentAlert,
  InvestigationTrigger,
  renderEvent,
} from './events.ts';
export { type IncidentLinks, incidentLinks, type LinkedIncident } from './incident-links.ts';
export {
  ChangeableState,
  COMMENTS_MAX,
  Comment,
  CommentAccepted,
  CommentCreate,
  commentMarker,
  StatusChange,
  StatusChangeCreate,
} from './incident-writes.ts';
export {
  DEFAULT_TIMESPAN,
  Freshness,
  Incident,
  IncidentChangesPage,
  IncidentChangesQuery,
  IncidentDetail,
  IncidentFilters,
  IncidentNumber,
  IncidentPage,
  IncidentPatch,
  IncidentSort,
  IncidentStatus,
  IncidentTimeField,
  MaxAge,
  ProviderRef,
} from './incidents.ts';
export {
  type Page,
  PageQuery,
  pageOf,
  queryFlag,
  queryInt,
  TOTAL_MAX,
  TotalRelation,
  toPage,
} from './paging.ts';
export {
  credentialFaults,
  Provider,
  ProviderCreate,
  ProviderDetail,
  ProviderHealth,
  ProviderPatch,
  ProviderSync,
  ProviderTest,
  SyncQueued,
} from './providers.ts';
export * as queues from './queues.ts';
export {
  type ChangeIncident,
  changeIncident,
  type DeliverWebhook,
  deliverWebhook,
  type PostComment,
  postComment,
  type SyncProvider,
  syncProvider,
} from './queues.ts';
export { Scope } from './scopes.ts';
export { sealContext } from './seal-contexts.ts';
export { ALERT_SEVERITY_MIN, Priority, Severity, severityRank } from './severity.ts';
export { anyCase, distinct, idInPath, repeatable, text } from './text.ts';
export { addDuration, type Duration, parseDuration, parseTimespan, type Timespan } from './timespan.ts';
export {
  Delivery,
  DeliveryDetail,
  DeliveryFilters,
  DeliveryStatus,
  WebhookEndpoint,
  WebhookEndpointCreate,
  WebhookEndpointCreated,
  WebhookEndpointPatch,
  WebhookTest,
} from './webhooks.ts';
