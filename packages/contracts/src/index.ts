export { ApiKey, ApiKeyPatch, ApiKeyStatus, ApiKeyToCreate, CreatedApiKey } from './api-keys.ts';
export { AuditEntry } from './audit-log.ts';
export { defineQueue, type QueueDefinition, type QueueOwner, type QueueRetry } from './define-queue.ts';
export { type ClientCredentials, EndpointAuth } from './endpoint-auth.ts';
export { EndpointHeaders, isSensitiveHeader } from './endpoint-headers.ts';
export {
  EnrichedEntity,
  Enrichment,
  EnrichmentAccepted,
  EnrichmentRecord,
  EnrichmentRequest,
  Observation,
  ObservationStatus,
  ProviderCounts,
  Reliability,
  RiskLevel,
  ScoreLine,
  Verdict,
} from './enrichment.ts';
export {
  Entity,
  EntitySource,
  EntityStrength,
  EntityType,
  FilterableEntityType,
  Relation,
  RelationKind,
} from './entities.ts';
export { EndpointFailing, EVENT_TYPES, ProviderRecovered, ProviderUnhealthy } from './event-data.ts';
export { EventFilters, type FilteredIncident, stormKey } from './event-filters.ts';
export { alertTraits, type EventFilter, type EventTraits, matchesEvent } from './event-matching.ts';
export {
  AlertReason,
  DeliveredType,
  EventType,
  IncidentAlert,
  InvestigationTrigger,
  renderEvent,
} from './events.ts';
export {
  EntityGraph,
  EntityGraphQuery,
  GraphEdge,
  GraphNode,
  GraphPath,
  GraphRelationKind,
  GraphValue,
  IncidentGraph,
  PathQuery,
  RelatedIncidentList,
  SurroundingsQuery,
} from './graph.ts';
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
  IncidentEntity,
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
export { ListEntry, ListEntryCreate, ListName, ListQuery } from './lists.ts';
export { isMuted, MuteWindow } from './mute-windows.ts';
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
  type EnrichIncident,
  enrichIncident,
  type PostComment,
  postComment,
  type RecoverDeliveries,
  recoverDeliveries,
  type SyncProvider,
  syncProvider,
  type UpdateGraph,
  updateGraph,
} from './queues.ts';
export { Recovery, RecoveryCreate, RecoveryMode, RecoveryStatus } from './recoveries.ts';
export { Scope } from './scopes.ts';
export { sealContext } from './seal-contexts.ts';
export { ALERT_SEVERITY_MIN, Priority, Severity, severityRank } from './severity.ts';
export { type StoredEvent, storedTraits } from './stored-traits.ts';
export { anyCase, distinct, idInPath, repeatable, text } from './text.ts';
export { addDuration, type Duration, parseDuration, parseTimespan, type Timespan } from './timespan.ts';
export {
  EndpointStats,
  WebhookEvent,
  WebhookEventDetail,
  WebhookEventFilters,
} from './webhook-events.ts';
export {
  Delivery,
  DeliveryDetail,
  DeliveryFilters,
  DeliveryStatus,
  HeldBackEvent,
  RotatedSecret,
  SecretRotation,
  WebhookEndpoint,
  WebhookEndpointCreate,
  WebhookEndpointCreated,
  WebhookEndpointHealth,
  WebhookEndpointPatch,
  WebhookTest,
} from './webhooks.ts';
