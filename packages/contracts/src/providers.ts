import { z } from 'zod';
import { text } from './text.ts';
import { parseDuration } from './timespan.ts';

const time = z.iso.datetime();
const guid = z.guid('is a GUID').transform((value) => value.toLowerCase());

const credentials = {
  credential_type: z.enum(['secret', 'certificate', 'managed_identity']).meta({ id: 'CredentialType' }),
  client_id: guid.nullish().meta({
    description:
      'Of the application. Of a managed identity: the user-assigned one; without it, the system-assigned one.',
  }),
  client_secret: text(500).optional().meta({ description: 'With `credential_type` `secret`.' }),
  client_certificate: text(20_000).optional().meta({
    description: 'With `credential_type` `certificate`: PEM, with its RSA private key, unencrypted.',
  }),
};
const GIVEN = z.object(credentials).partial();
type Credentials = z.output<typeof GIVEN>;

/** What each kind of credential is made of; the rest belongs to another kind. */
const PARTS = {
  secret: { needed: ['client_id', 'client_secret'], foreign: ['client_certificate'] },
  certificate: { needed: ['client_id', 'client_certificate'], foreign: ['client_secret'] },
  managed_identity: { needed: [], foreign: ['client_secret', 'client_certificate'] },
} as const;

export interface CredentialFault {
  readonly field: 'client_id' | 'client_secret' | 'client_certificate';
  /** Undefined where it is missing. */
  readonly message: string | undefined;
}

/** What is missing of a credential, or belongs to a credential of another kind. */
export function credentialFaults(given: Credentials): CredentialFault[] {
  const { credential_type: type = 'secret' } = given;
  const { needed, foreign } = PARTS[type];
  return [
    ...needed
      .filter((field) => given[field] === undefined || given[field] === null)
      .map((field) => ({ field, message: undefined })),
    ...foreign
      .filter((field) => given[field] !== undefined)
      .map((field) => ({ field, message: `does not belong to a credential_type of ${type}` })),
  ];
}

function checkCredential({ value, issues }: z.core.ParsePayload<Credentials>): void {
  for (const { field, message = 'required' } of credentialFaults(value)) {
    issues.push({ code: 'custom', path: [field], message, input: value[field] });
  }
}

const settings = {
  name: text(100).meta({ example: 'prod-sentinel' }),
  enabled: z.boolean(),
  sync_interval_s: z
    .int()
    .min(10)
    .max(86_400)
    .nullable()
    .meta({ description: "Null is the service's own interval." }),
  first_window: z
    .string()
    .max(50)
    .refine((value) => parseDuration(value) !== undefined, 'is an ISO 8601 duration such as P7D')
    .meta({ description: 'How far back the first sync reaches.' }),
  alert_backlog: z
    .boolean()
    .meta({ description: 'Whether incidents from before the workspace was connected fire alerts.' }),
  include_closed: z
    .boolean()
    .meta({ description: 'Whether incidents that are closed or merged away when first seen fire alerts.' }),
  allow_status_changes: z.boolean().meta({
    description: 'Whether incidents may be changed in Sentinel; needs Microsoft Sentinel Responder.',
  }),
};

const TENANT =
  /^(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z]{2,63})$/i;

const connection = z.object({
  provider_type: z.literal('sentinel').default('sentinel'),
  workspace_id: guid.meta({ description: "The Log Analytics workspace's GUID." }),
  tenant_id: z
    .string()
    .max(253)
    .regex(TENANT, 'is a GUID or a domain name such as contoso.onmicrosoft.com')
    .transform((value) => value.toLowerCase())
    .meta({ type: 'string' }),
  ...credentials,
  credential_type: credentials.credential_type.default('secret'),
  cloud: z.enum(['public', 'usgov']).default('public'),
  subscription_id: guid.optional().meta({
    description: 'With `resource_group` and `workspace_name`: says outright what is looked up otherwise.',
  }),
  resource_group: text(90).optional(),
  workspace_name: text(63).optional(),
});

const isPlaceWhole = (given: {
  subscription_id?: string | undefined;
  resource_group?: string | undefined;
  workspace_name?: string | undefined;
}): boolean => {
  const parts = [given.subscription_id, given.resource_group, given.workspace_name];
  return parts.every((part) => part === undefined) || parts.every((part) => part !== undefined);
};
const PLACE_FAULT = {
  message: 'subscription_id, resource_group and workspace_name are given together or not at all',
  path: ['subscription_id'],
};

export const ProviderTest = connection
  .extend({ name: settings.name.optional() })
  .refine(isPlaceWhole, PLACE_FAULT)
  .check(checkCredential)
  .meta({ id: 'SiemProviderTest' });
export type ProviderTest = z.output<typeof ProviderTest>;

export const ProviderCreate = connection
  .extend({
    name: settings.name,
    enabled: settings.enabled.default(true),
    sync_interval_s: settings.sync_interval_s.default(null),
    first_window: settings.first_window.default('P7D'),
    alert_backlog: settings.alert_backlog.default(false),
    include_closed: settings.include_closed.default(false),
    allow_status_changes: settings.allow_status_changes.default(false),
  })
  .refine(isPlaceWhole, PLACE_FAULT)
  .check(checkCredential)
  .meta({ id: 'SiemProviderCreate' });
export type ProviderCreate = z.output<typeof ProviderCreate>;

export const ProviderPatch = z
  .object({
    ...settings,
    ...credentials,
    is_default: z.literal(true).meta({ description: 'Makes this the default workspace.' }),
  })
  .partial()
  .meta({ id: 'SiemProviderPatch' });
export type ProviderPatch = z.output<typeof ProviderPatch>;

export const Provider = z
  .object({
    id: z.string(),
    name: z.string(),
    provider_type: z.literal('sentinel'),
    status: z.enum(['active', 'disabled']),
    workspace_id: z.string(),
    tenant_id: z.string(),
    credential_type: credentials.credential_type,
    client_id: z.string().nullable(),
    client_secret_masked: z.string().nullable().meta({ example: '****a1B2' }),
    client_certificate_thumbprint: z
      .string()
      .nullable()
      .meta({ description: 'SHA-1, as Azure shows it.', example: '1B3F0C…' }),
    credential_expires_at: time
      .nullable()
      .meta({ description: 'Null where it cannot be read: Azure does not tell the end of a secret.' }),
    cloud: z.enum(['public', 'usgov']),
    subscription_id: z.string(),
    resource_group: z.string(),
    workspace_name: z.string(),
    is_default: z.boolean(),
    enabled: z.boolean(),
    sync_interval_s: z.int().nullable(),
    first_window: z.string(),
    alert_backlog: z.boolean(),
    include_closed: z.boolean(),
    allow_status_changes: z.boolean(),
    connected_at: time,
    last_health_check: time.nullable(),
    watermark: time.nullable().meta({ description: 'What was modified up to here is stored.' }),
    last_synced_at: time.nullable(),
    lag_s: z.int().nullable().meta({ description: 'Seconds since the last sync that succeeded.' }),
    last_reconciled_at: time
      .nullable()
      .meta({ description: 'When all that is stored was last compared with what Sentinel lists.' }),
    skipped_incidents: z
      .int()
      .meta({ description: 'Incidents that Sentinel lists and that could not be stored.' }),
    last_error: z.object({ code: z.string(), message: z.string() }).nullable(),
    consecutive_failures: z.int(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'SiemProvider' });
export type Provider = z.output<typeof Provider>;

/** A workspace by itself, with the first of the incidents that could not be stored. */
export const ProviderDetail = Provider.extend({
  skipped: z.array(
    z.object({
      sentinel_name: z.string(),
      number: z.int().nullable(),
      reason: z.string(),
      first_seen_at: time,
      last_seen_at: time,
    }),
  ),
}).meta({ id: 'SiemProviderDetail' });
export type ProviderDetail = z.output<typeof ProviderDetail>;

export const ProviderSync = z
  .strictObject({
    reconcile: z.boolean().default(false).meta({
      description: 'Also compare all that is stored with what Sentinel lists, which alone finds deletions.',
    }),
  })
  .default({ reconcile: false });
export type ProviderSync = z.output<typeof ProviderSync>;

export const ProviderHealth = z
  .object({
    status: z.enum(['healthy', 'error']),
    message: z.string(),
    latency_ms: z.number(),
    checks: z.array(
      z.object({
        name: z.string(),
        status: z.enum(['ok', 'denied', 'skipped', 'failed']),
        missing_role: z.string().optional(),
        message: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'SiemProviderHealth' });
export type ProviderHealth = z.output<typeof ProviderHealth>;

export const SyncQueued = z
  .object({ id: z.string(), status: z.literal('queued') })
  .meta({ id: 'SyncQueued' });
