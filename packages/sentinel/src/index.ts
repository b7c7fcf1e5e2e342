export { READER_ROLE, RESPONDER_ROLE } from './azure-faults.ts';
export {
  AzureConfig,
  type AzureEndpoints,
  type AzureSettings,
  azureSettings,
  Cloud,
} from './azure-settings.ts';
export { azureStatus } from './azure-status.ts';
export {
  checkWorkspace,
  failedCheck,
  OPTIONAL_CHECKS,
  type WorkspaceCheck,
  type WorkspaceHealth,
} from './check-workspace.ts';
export { ConnectionError, type ConnectionField } from './connection-error.ts';
export type { PagesQuery } from './incident-pages.ts';
export type { IncidentReplacement, IncidentWrites } from './incident-writes.ts';
export { instantKey } from './page-progress.ts';
export { resolveWorkspace } from './resolve-workspace.ts';
export type { SentinelAlert, SentinelIncidentPage, UnreadableIncident } from './sentinel-answers.ts';
export { createSentinelClient, type SentinelClient } from './sentinel-client.ts';
export { parseIncident, type SentinelIncident } from './sentinel-incident.ts';
export type { AzureCredentials, SentinelWorkspace, WorkspacePlace } from './workspace.ts';
