export { endStorms } from './alert-storms.ts';
export { type AlertingIncident, alertingIncident } from './alerting-incident.ts';
export {
  type ApiKeyCredential,
  type ApiKeyCredentials,
  type ApiKeyUse,
  createApiKeyCredentials,
} from './api-key-credentials.ts';
export { type ApiKeyChange, type ApiKeyRecord, type ApiKeys, createApiKeys } from './api-keys.ts';
export { appendAudit } from './append-audit.ts';
export { type AuditLog, type AuditRecord, type AuditState, createAuditLog } from './audit-log.ts';
export { type AuditFilter, type AuditTrail, createAuditTrail } from './audit-trail.ts';
export { type AzureQuota, type AzureQuotaKind, createAzureQuota } from './azure-quota.ts';
export { cancelDeliveries, cancelLeftDeliveries } from './cancel-deliveries.ts';
export { databaseAway, isRefusedData } from './database-fault.ts';
export { deleteExpiredEvents, type EventRetention, type ExpiredEvents } from './delete-expired-events.ts';
export { createDeliveries, type Deliveries, type DeliveryFilter } from './deliveries.ts';
export {
  type ClaimedDelivery,
  createDeliveryQueue,
  type DeliveryQueue,
  type DueEndpoint,
  type EndpointTarget,
  type Room,
} from './delivery-queue.ts';
export {
  AttemptOutcome,
  type BreakerPolicy,
  type EndpointTurn,
  type ReturnedDelivery,
  type SettledAttempt,
} from './delivery-queue-settle.ts';
export { createDeliveryReplays, type DeliveryReplays, type ReplayTarget } from './delivery-replays.ts';
export { createEndpointHealth, type EndpointHealth, type FailingEndpoint } from './endpoint-health.ts';
export { endpointStats } from './endpoint-stats.ts';
export {
  createEnrichmentFacts,
  type EnrichmentFacts,
  type IncidentFacts,
} from './enrichment-facts.ts';
export {
  createEnrichmentRuns,
  type DueEnrichment,
  type EnrichmentClaim,
  type EnrichmentRuns,
} from './enrichment-runs.ts';
export { createEnrichments, type EnrichmentJob, type Enrichments } from './enrichments.ts';
export type { IncidentSightings, SightedEntity, SightedRelation } from './entity-groups.ts';
export { countEntityIncidents } from './entity-incidents.ts';
export {
  createEntities,
  type Entities,
  type EntityQuestion,
  type NamedEntity,
  type StoredEntity,
} from './entity-lookups.ts';
export { storeReadings } from './entity-store.ts';
export { type Making, type NewEvent, type Ping, publishEvents, publishPing } from './event-publishing.ts';
export { forgetExpiredSecrets } from './expired-secrets.ts';
export {
  type EnrichmentEnding,
  type EnrichmentOutcome,
  type EntityVerdict,
  finishEnrichment,
  type PriorityChange,
} from './finish-enrichment.ts';
export {
  type ClaimedGraphChange,
  createGraphChanges,
  type GraphBacklog,
  type GraphChanges,
} from './graph-changes.ts';
export { createGraphSource, type GraphRefs, type GraphRows, type GraphSource } from './graph-rows.ts';
export { type Heartbeat, startHeartbeat } from './heartbeat.ts';
export { createHeldBack, type HeldBack } from './held-back.ts';
export {
  type Claimed,
  createIdempotencyKeys,
  type IdempotencyKeys,
  type IdempotentCall,
} from './idempotency-keys.ts';
export type { ChangePosition } from './incident-changes.ts';
export {
  createIncidentDetails,
  type DetailsClaim,
  type IncidentDetails,
  type IncidentDetailsQueue,
} from './incident-details.ts';
export {
  type IncidentFilter,
  type IncidentListing,
  type IncidentOrder,
  type IncidentPage,
  type IncidentTimeColumn,
} from './incident-list.ts';
export {
  createIncidentPages,
  type IncidentAlertEvent,
  type IncidentPages,
  type IncidentRow,
  type ProviderNaming,
  type StoredIncident,
} from './incident-pages.ts';
export {
  createIncidentReadings,
  type IncidentReadings,
  type IncidentToRead,
  type ReadIncident,
  type ReadingClaim,
} from './incident-readings.ts';
export {
  createIncidentReconciliation,
  type IncidentReconciliation,
  type ListedStretch,
} from './incident-reconciliation.ts';
export { IncidentRecord } from './incident-record.ts';
export {
  type CommentRecord,
  createIncidentWrites,
  type IncidentWrites,
  type NewComment,
  type NewStatusChange,
  type StatusChangeRecord,
  type WriteTarget,
} from './incident-writes.ts';
export {
  createIncidents,
  type IncidentRef,
  type Incidents,
  type IncidentWithDetails,
  type LocalChange,
} from './incidents.ts';
export { createIntelligenceMemory, type IntelligenceMemory } from './intelligence-memory.ts';
export {
  createListEntries,
  type ListEntries,
  type ListEntryRecord,
  type ListFilter,
  type NewListEntry,
} from './list-entries.ts';
export { migrate } from './migrate.ts';
export { keepPartitions, type PartitionUpkeep } from './partitions.ts';
export { createPool, type Pool, type PoolOptions, type Queryable, transaction } from './pool.ts';
export type { Position } from './position.ts';
export { createPrisma, type Db, type PrismaClient } from './prisma.ts';
export { type ProviderConnection, type SealedCredential, sealedCredential } from './provider-connection.ts';
export type { ProviderFreshness } from './provider-freshness.ts';
export { createProviderReconciliations, type ProviderReconciliations } from './provider-reconciliations.ts';
export type {
  NewProvider,
  ProviderChange,
  ProviderCredential,
  ProviderRecord,
  SkippedRecord,
} from './provider-record.ts';
export {
  type ClaimedProvider,
  createProviderSyncs,
  type DueProvider,
  type ProviderSyncs,
  type SyncClaim,
  type SyncError,
  type UnfinishedSync,
} from './provider-syncs.ts';
export { createRecoveries, type NewRecovery, type Recoveries, type RecoveryRecord } from './recoveries.ts';
export { createRecoverySteps, type RecoveryStep, type RecoverySteps } from './recovery-steps.ts';
export { createServicePool } from './service-pool.ts';
export { createSiemProviders, type ProviderView, type SiemProviders } from './siem-providers.ts';
export { createSkippedIncidents, type SkippedIncident, type SkippedIncidents } from './skipped-incidents.ts';
export { createSyncEndings, type SyncEndings } from './sync-endings.ts';
export {
  createWebhookEndpoints,
  type EndpointChange,
  type EndpointRecord,
  type EndpointView,
  type WebhookEndpoints,
} from './webhook-endpoints.ts';
export { createWebhookEvents, type WebhookEventFilter, type WebhookEvents } from './webhook-events.ts';
export {
  createWorkerLeases,
  DELIVERY_SERVICE,
  databaseNow,
  WORKER_DEAD_AFTER_MS,
  type WorkerLeases,
} from './worker-leases.ts';
export { type Ownership, startOwnership } from './worker-ownership.ts';
export {
  type CommentClaim,
  type CommentQueue,
  createCommentQueue,
  createStatusChangeQueue,
  type DueWrite,
  type StatusChangeClaim,
  type StatusChangeEnd,
  type StatusChangeQueue,
  type WriteError,
  type WriteWorkspace,
  writeWorkspace,
} from './write-queue.ts';
