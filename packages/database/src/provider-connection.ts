import { z } from 'zod';

/** The columns of `siem_provider` that connect to a workspace. */
export const ConnectionColumns = z.object({
  id: z.string(),
  name: z.string(),
  cloud: z.enum(['public', 'usgov']),
  tenant_id: z.string(),
  credential_type: z.enum(['secret', 'certificate', 'managed_identity']),
  client_id: z.string().nullable(),
  client_secret_sealed: z.string().nullable(),
  client_certificate_sealed: z.string().nullable(),
  subscription_id: z.string(),
  resource_group: z.string(),
  workspace_name: z.string(),
});
type ConnectionRow = z.output<typeof ConnectionColumns>;

/** What a workspace is signed in to with; what is secret of it is still sealed. */
export type SealedCredential =
  | { readonly type: 'secret'; readonly clientId: string; readonly clientSecretSealed: string }
  | { readonly type: 'certificate'; readonly clientId: string; readonly clientCertificateSealed: string }
  | { readonly type: 'managed_identity'; readonly clientId: string | undefined };

export interface ProviderConnection {
  readonly id: string;
  readonly name: string;
  readonly cloud: 'public' | 'usgov';
  readonly tenantId: string;
  readonly credential: SealedCredential;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly workspaceName: string;
}

type CredentialRow = Pick<
  ConnectionRow,
  'id' | 'credential_type' | 'client_id' | 'client_secret_sealed' | 'client_certificate_sealed'
>;

function present(row: CredentialRow, column: keyof CredentialRow): string {
  const value = row[column];
  if (value === null) throw new Error(`workspace ${row.id} has no ${column}, against its constraint`);
  return value;
}

export function sealedCredential(row: CredentialRow): SealedCredential {
  const type = row.credential_type;
  if (type === 'managed_identity') return { type, clientId: row.client_id ?? undefined };
  const clientId = present(row, 'client_id');
  return type === 'secret'
    ? { type, clientId, clientSecretSealed: present(row, 'client_secret_sealed') }
    : { type, clientId, clientCertificateSealed: present(row, 'client_certificate_sealed') };
}

export const toConnection = (row: ConnectionRow): ProviderConnection => ({
  id: row.id,
  name: row.name,
  cloud: row.cloud,
  tenantId: row.tenant_id,
  credential: sealedCredential(row),
  subscriptionId: row.subscription_id,
  resourceGroup: row.resource_group,
  workspaceName: row.workspace_name,
});
