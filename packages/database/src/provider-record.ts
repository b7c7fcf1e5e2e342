import { z } from 'zod';

const time = z.date().transform((date) => date.toISOString());

export const ProviderRow = z.object({
  id: z.string(),
  name: z.string(),
  provider_type: z.literal('sentinel'),
  is_default: z.boolean(),
  enabled: z.boolean(),
  cloud: z.enum(['public', 'usgov']),
  tenant_id: z.string(),
  credential_type: z.enum(['secret', 'certificate', 'managed_identity']),
  client_id: z.string().nullable(),
  client_secret_sealed: z.string().nullable(),
  client_secret_masked: z.string().nullable(),
  client_certificate_sealed: z.string().nullable(),
  client_certificate_thumbprint: z.string().nullable(),
  credential_expires_at: time.nullable(),
  workspace_id: z.string(),
  subscription_id: z.string(),
  resource_group: z.string(),
  workspace_name: z.string(),
  sync_interval_s: z.int().nullable(),
  first_window: z.string(),
  alert_backlog: z.boolean(),
  include_closed: z.boolean(),
  allow_status_changes: z.boolean(),
  connected_at: time,
  watermark: time.nullable(),
  last_synced_at: time.nullable(),
  /** By Postgres' clock. */
  lag_s: z.int().nullable(),
  last_reconciled_at: time.nullable(),
  skipped_incidents: z.int(),
  last_error: z.object({ code: z.string(), message: z.string() }).nullable(),
  consecutive_failures: z.int(),
  last_health_check: time.nullable(),
  created_at: time,
  updated_at: time,
});

/** A connected workspace as it is stored: what it is signed in to with sealed. */
export type ProviderRecord = z.output<typeof ProviderRow>;

export type NewProvider = Omit<
  ProviderRecord,
  | 'is_default'
  | 'connected_at'
  | 'watermark'
  | 'last_synced_at'
  | 'lag_s'
  | 'last_reconciled_at'
  | 'skipped_incidents'
  | 'last_error'
  | 'consecutive_failures'
  | 'last_health_check'
  | 'created_at'
  | 'updated_at'
>;

type CredentialColumn =
  | 'credential_type'
  | 'client_id'
  | 'client_secret_sealed'
  | 'client_secret_masked'
  | 'client_certificate_sealed'
  | 'client_certificate_thumbprint'
  | 'credential_expires_at';

/** All that says how a workspace is signed in to. */
export type ProviderCredential = Pick<ProviderRecord, CredentialColumn>;

type Changeable =
  | 'name'
  | 'enabled'
  | CredentialColumn
  | 'sync_interval_s'
  | 'first_window'
  | 'alert_backlog'
  | 'include_closed'
  | 'allow_status_changes';

/** What is undefined stays; null takes away. */
export type ProviderChange = { readonly [K in Changeable]?: ProviderRecord[K] | undefined };

const EXPRESSIONS: Record<string, string> = {
  lag_s: `CASE WHEN last_synced_at IS NOT NULL
    THEN greatest(0, extract(epoch FROM now() - last_synced_at))::integer END AS lag_s`,
  skipped_incidents: `(SELECT count(*)::integer FROM skipped_incident WHERE provider_id = siem_provider.id)
    AS skipped_incidents`,
};
/** Of a statement on `siem_provider`. */
export const PROVIDER_COLUMNS = Object.keys(ProviderRow.shape)
  .map((name) => EXPRESSIONS[name] ?? name)
  .join(', ');

/** Of the workspace $1. */
export const SKIPPED_OF = `SELECT sentinel_name, number, reason, first_seen_at, last_seen_at FROM skipped_incident
  WHERE provider_id = $1 ORDER BY first_seen_at DESC, sentinel_name LIMIT 10`;

export const SkippedRow = z.object({
  sentinel_name: z.string(),
  number: z.nullable(z.coerce.number().int()),
  reason: z.string(),
  first_seen_at: time,
  last_seen_at: time,
});
/** An incident that Sentinel lists and that could not be stored. */
export type SkippedRecord = z.output<typeof SkippedRow>;
