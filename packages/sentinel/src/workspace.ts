import type { Cloud } from './azure-settings.ts';

interface ClientSecret {
  readonly credentialType: 'secret';
  readonly clientId: string;
  readonly clientSecret: string;
}

interface ClientCertificate {
  readonly credentialType: 'certificate';
  readonly clientId: string;
  /** PEM, with its private key. */
  readonly clientCertificate: string;
}

interface ManagedIdentity {
  readonly credentialType: 'managed_identity';
  /** Of a user-assigned identity; without one it is the system-assigned one. */
  readonly clientId: string | undefined;
}

/** What an application signs in with. */
export type AzureCredentials = (ClientSecret | ClientCertificate | ManagedIdentity) & {
  readonly cloud: Cloud;
  readonly tenantId: string;
};

/** Where in Azure a workspace is. */
export interface WorkspacePlace {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly workspaceName: string;
}

export type SentinelWorkspace = AzureCredentials & WorkspacePlace;

/** Who signs in, as the beginning of a sentence. */
export function signerOf({ credentialType, clientId }: AzureCredentials): string {
  if (credentialType !== 'managed_identity') return `Application ${clientId}`;
  return clientId === undefined ? 'The managed identity' : `Managed identity ${clientId}`;
}
