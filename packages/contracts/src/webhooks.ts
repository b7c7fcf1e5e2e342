import { z } from 'zod';
import { EndpointAuth } from './endpoint-auth.ts';
import { EndpointHeaders } from './endpoint-headers.ts';
import { EventFilters } from './event-filters.ts';
import { AlertReason, DeliveredType, EventType, InvestigationTrigger } from './events.ts';
import { MuteWindow } from './mute-windows.ts';
import { anyCase, distinct, repeatable, text } from './text.ts';

const time = z.iso.datetime();

const settings = {
  name: text(100),
  url: z.string().min(1).meta({
    description: 'https, on a public address. Read back whole only by those who may write endpoints.',
    example: 'https://soar.example.com/hooks/socmate',
  }),
  event_types: z.array(EventType).min(1).max(20).transform(distinct),
  description: text(1_000).nullable(),
  severity_min: z
    .enum(['medium', 'high', 'critical'])
    .nullable()
    .meta({ description: 'Of incidents; null is medium, below which nothing is announced.' }),
  alert_on: z.array(AlertReason).min(1).max(10).transform(distinct),
  triggers: z.array(InvestigationTrigger).min(1).max(10).transform(distinct),
  providers: z
    .array(text(100))
    .min(1)
    .max(100)
    .transform(distinct)
    .nullable()
    .meta({ description: 'Names of workspaces; null is all of them.' }),
  filters: EventFilters,
  mute_windows: z.array(MuteWindow).max(20).meta({
    description:
      'When nothing is sent: what would have been is held back, counted and listed, and not sent later.',
  }),
  storm_threshold: z.int().min(1).max(1_000).nullable().meta({
    description:
      'More alerts of one rule than these within 5 minutes are held back, counted and listed; one event then tells how many (`suppressed_count`). Null: never.',
  }),
  headers: EndpointHeaders,
  auth: EndpointAuth,
  timeout_ms: z.int().min(1_000).max(30_000),
  retry_schedule_s: z
    .array(z.int().min(1).max(86_400))
    .min(1)
    .max(20)
    .nullable()
    .meta({ description: "Delays after failures, in seconds; null is the service's own schedule." }),
  rate_limit_per_second: z.int().min(1).max(1_000).nullable().meta({
    description: 'The most requests per second; what is over it waits and spends no attempt. Null: no limit.',
  }),
  max_in_flight: z.int().min(1).max(100),
  enabled: z.boolean(),
};

export const WebhookEndpointCreate = z
  .object({
    name: settings.name,
    url: settings.url,
    event_types: settings.event_types,
    description: settings.description.default(null),
    severity_min: settings.severity_min.default(null),
    alert_on: settings.alert_on.default(['new']),
    triggers: settings.triggers.default(['schedule']),
    providers: settings.providers.default(null),
    filters: settings.filters.default({}),
    mute_windows: settings.mute_windows.default([]),
    storm_threshold: settings.storm_threshold.default(null),
    headers: settings.headers.default({}),
    auth: settings.auth.default({ type: 'none' }),
    secret: z
      .string()
      .max(200)
      .optional()
      .meta({ description: '`whsec_` and base64 of 24 to 64 bytes; made for you if not given.' }),
    timeout_ms: settings.timeout_ms.default(15_000),
    retry_schedule_s: settings.retry_schedule_s.default(null),
    rate_limit_per_second: settings.rate_limit_per_second.default(null),
    max_in_flight: settings.max_in_flight.default(10),
    enabled: settings.enabled.default(true),
  })
  .meta({ id: 'WebhookEndpointCreate' });
export type WebhookEndpointCreate = z.output<typeof WebhookEndpointCreate>;

export const WebhookEndpointPatch = z.object(settings).partial().meta({ id: 'WebhookEndpointPatch' });
export type WebhookEndpointPatch = z.output<typeof WebhookEndpointPatch>;

export const WebhookEndpointHealth = z
  .object({
    breaker: z.enum(['closed', 'open', 'half_open']).meta({
      description: 'While it is open nothing is sent; half open, one delivery tries whether it may close.',
    }),
    consecutive_failures: z.int(),
    failing_since: time.nullable(),
    last_failure_at: time.nullable(),
    open_until: time.nullable(),
  })
  .meta({ id: 'WebhookEndpointHealth' });
export type WebhookEndpointHealth = z.output<typeof WebhookEndpointHealth>;

export const WebhookEndpoint = z
  .object({
    id: z.string().meta({ example: 'whe_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
    name: z.string(),
    url: z.string(),
    event_types: z.array(EventType),
    description: z.string().nullable(),
    severity_min: settings.severity_min,
    alert_on: z.array(AlertReason),
    triggers: z.array(InvestigationTrigger),
    providers: z.array(z.string()).nullable(),
    filters: EventFilters,
    mute_windows: z.array(MuteWindow),
    storm_threshold: z.int().nullable(),
    headers: z.record(z.string(), z.string()),
    auth: EndpointAuth,
    previous_secret_expires_at: time.nullable().meta({
      description: 'Until when deliveries are signed with the secret before the last rotation as well.',
    }),
    timeout_ms: z.int(),
    retry_schedule_s: z.array(z.int()).nullable(),
    rate_limit_per_second: z.int().nullable(),
    max_in_flight: z.int(),
    enabled: z.boolean(),
    status: z.enum(['enabled', 'disabled']),
    disabled_reason: z.string().nullable(),
    health: WebhookEndpointHealth,
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'WebhookEndpoint' });
export type WebhookEndpoint = z.output<typeof WebhookEndpoint>;

export const WebhookEndpointCreated = WebhookEndpoint.extend({
  secret: z
    .string()
    .meta({ description: 'Shown only here.', example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }),
}).meta({ id: 'WebhookEndpointCreated' });

export const SecretRotation = z
  .object({
    overlap_hours: z
      .int()
      .min(0)
      .max(168)
      .default(24)
      .meta({ description: 'How long deliveries carry the signature of the replaced secret as well.' }),
    secret: z
      .string()
      .max(200)
      .optional()
      .meta({ description: '`whsec_` and base64 of 24 to 64 bytes; made for you if not given.' }),
  })
  .meta({ id: 'SecretRotation' });
export type SecretRotation = z.output<typeof SecretRotation>;

export const RotatedSecret = z
  .object({
    id: z.string(),
    secret: z.string().meta({ description: 'Shown only here.' }),
    previous_secret_expires_at: time.nullable(),
  })
  .meta({ id: 'RotatedSecret' });

export const HeldBackEvent = z
  .object({
    event_id: z.string(),
    event_type: EventType,
    reason: z.enum(['muted', 'storm']),
    rule: z.string().nullable().meta({ description: 'What a storm was counted by.' }),
    summary_event_id: z
      .string()
      .nullable()
      .meta({ description: 'The event that told the endpoint of the storm.' }),
    created_at: time,
  })
  .meta({ id: 'HeldBackEvent' });
export type HeldBackEvent = z.output<typeof HeldBackEvent>;

export const WebhookTest = z
  .object({ event_id: z.string(), delivery_id: z.string() })
  .meta({ id: 'WebhookTest' });

export const DeliveryStatus = z
  .enum(['pending', 'succeeded', 'dead', 'cancelled'])
  .meta({ id: 'DeliveryStatus' });
export type DeliveryStatus = z.output<typeof DeliveryStatus>;

export const DeliveryFilters = z.object({
  endpoint_id: text(100).optional(),
  event_type: repeatable(anyCase(DeliveredType)),
  status: repeatable(anyCase(DeliveryStatus)),
  timespan: z
    .string()
    .max(100)
    .optional()
    .meta({ description: 'An ISO 8601 duration back from now, or `start/end`.', example: 'P1D' }),
});
export type DeliveryFilters = z.output<typeof DeliveryFilters>;

export const Delivery = z
  .object({
    id: z.string(),
    event_id: z.string(),
    event_type: DeliveredType,
    endpoint_id: z.string(),
    status: DeliveryStatus,
    attempts_count: z.int(),
    due_at: time,
    created_at: time,
    completed_at: time.nullable(),
  })
  .meta({ id: 'Delivery' });
export type Delivery = z.output<typeof Delivery>;

const headers = z.record(z.string(), z.string());

const DeliveryAttempt = z
  .object({
    number: z.int(),
    started_at: time,
    duration_ms: z.int(),
    outcome: z.string(),
    status_code: z.int().nullable(),
    request_headers: headers,
    response_headers: headers.nullable(),
    response_body: z.string().nullable(),
  })
  .meta({ id: 'DeliveryAttempt' });

export const DeliveryDetail = Delivery.extend({ attempts: z.array(DeliveryAttempt) }).meta({
  id: 'DeliveryDetail',
});
export type DeliveryDetail = z.output<typeof DeliveryDetail>;
