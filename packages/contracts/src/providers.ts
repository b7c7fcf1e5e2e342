import { z } from 'zod';
import { text } from './text.ts';
import { parseDuration } from './timespan.ts';

const time = z.iso.datetime();
const guid = z.guid('is a GUID').transform((value) => value.toLowerCase());

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
  client_id: guid,
  client_secret: text(500),
};

const connection = z.object({
  provider_type: z.literal('sentinel').default('sentinel'),
  workspace_id: guid.meta({ description: "The Log Analytics workspace's GUID." }),
  tenant_id: z
    .union([z.guid().transform((value) => value.toLowerCase()), z.hostname()], 'is a GUID or a domain name')
    .meta({ type: 'string' }),
  client_id: settings.client_id,
  client_secret: settings.client_secret,
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
  .meta({ id: 'SiemProviderTest' });
export type ProviderTest = z.output<typeof ProviderTest>;

export const ProviderCreate = connection
  .extend({
    name: settings.name,
    enabled: settings.enabled.default(true),
    sync_interval_s: settings.sync_interval_s.default(null),
    first_window: settings.first_window.default('P7D'),
    alert_backlog: settings.alert_backlog.default(false),
  })
  .refine(isPlaceWhole, PLACE_FAULT)
  .meta({ id: 'SiemProviderCreate' });
export type ProviderCreate = z.output<typeof ProviderCreate>;

export const ProviderPatch = z
  .object({
    ...settings,
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
    client_id: z.string(),
    client_secret_masked: z.string().meta({ example: '****a1B2' }),
    cloud: z.enum(['public', 'usgov']),
    subscription_id: z.string(),
    resource_group: z.string(),
    workspace_name: z.string(),
    is_default: z.boolean(),
    enabled: z.boolean(),
    sync_interval_s: z.int().nullable(),
    first_window: z.string(),
    alert_backlog: z.boolean(),
    connected_at: time,
    last_health_check: time.nullable(),
    last_synced_at: time.nullable(),
    last_error: z.object({ code: z.string(), message: z.string() }).nullable(),
    consecutive_failures: z.int(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'SiemProvider' });
export type Provider = z.output<typeof Provider>;

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
