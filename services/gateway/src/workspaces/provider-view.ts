import type { Provider } from '@socmate/contracts';
import type { AuditState, ProviderRecord } from '@socmate/database';

/** A workspace as the API shows it: of its client secret the last four characters, of its certificate the thumbprint. */
export const providerView = (provider: ProviderRecord): Provider => ({
  ...provider,
  status: provider.enabled ? 'active' : 'disabled',
});

const AUDITED = [
  'name',
  'is_default',
  'enabled',
  'cloud',
  'tenant_id',
  'credential_type',
  'client_id',
  'client_secret_masked',
  'client_certificate_thumbprint',
  'credential_expires_at',
  'workspace_id',
  'subscription_id',
  'resource_group',
  'workspace_name',
  'sync_interval_s',
  'first_window',
  'alert_backlog',
  'include_closed',
  'allow_status_changes',
] as const;

/** A workspace as the audit log keeps it: what somebody decided, without the secret. */
export const providerAudit = (provider: ProviderRecord): AuditState =>
  Object.fromEntries(AUDITED.map((name) => [name, provider[name]]));
