import type { Cloud } from './azure-settings.ts';

/** What an application signs in with. */
export interface AzureCredentials {
  readonly cloud: Cloud;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Where in Azure a workspace is. */
export interface WorkspacePlace {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly workspaceName: string;
}

export type SentinelWorkspace = AzureCredentials & WorkspacePlace;
