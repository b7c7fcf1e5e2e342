import { z } from 'zod';

/** The columns of `siem_provider` that connect to a workspace. */
export const ConnectionColumns = z.object({
  id: z.string(),
  name: z.string(),
  cloud: z.enum(['public', 'usgov']),
  tenant_id: z.string(),
  client_id: z.string(),
  client_secret_sealed: z.string(),
  subscription_id: z.string(),
  resource_group: z.string(),
  workspace_name: z.string(),
});

/** What connects to a workspace; the client secret is still sealed. */
export interface ProviderConnection {
  readonly id: string;
  readonly name: string;
  readonly cloud: 'public' | 'usgov';
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecretSealed: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly workspaceName: string;
}

export const toConnection = (row: z.output<typeof ConnectionColumns>): ProviderConnection => ({
  id: row.id,
  name: row.name,
  cloud: row.cloud,
  tenantId: row.tenant_id,
  clientId: row.client_id,
  clientSecretSealed: row.client_secret_sealed,
  subscriptionId: row.subscription_id,
  resourceGroup: row.resource_group,
  workspaceName: row.workspace_name,
});
