import { z } from 'zod';
import { type DeliveredType, IncidentAlert, InvestigationTrigger } from './events.ts';
import { Severity } from './severity.ts';

const time = z.iso.datetime();
const fault = { code: z.string(), message: z.string() };

const head = {
  session_id: z.string().meta({ example: 'sess_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
  trigger: InvestigationTrigger,
  schedule: z
    .object({ id: z.string(), name: z.string(), run_id: z.string() })
    .nullable()
    .meta({ description: 'Null where no schedule started it.' }),
  query: z.string(),
  persona: z.string().meta({ example: 'soc_analyst' }),
  incident_number: z.int().nullable(),
  verdict: z.string().nullable(),
  confidence: z.number().min(0).max(1).nullable(),
  severity: Severity.nullable(),
  summary: z.string().nullable(),
  findings_count: z.int(),
  techniques: z.array(z.string()),
  entities: z.array(z.object({ type: z.string(), value: z.string() })),
  started_at: time,
  completed_at: time,
  duration_ms: z.int(),
  links: z.object({ api: z.url(), console: z.url(), report: z.url() }),
};

const InvestigationCompleted = z.object(head).meta({ id: 'InvestigationCompleted' });

const InvestigationFailed = z
  .object({
    ...head,
    error: z.object({ ...fault, stage: z.string().nullable(), retryable: z.boolean() }),
    consecutive_failures: z.int(),
  })
  .meta({ id: 'InvestigationFailed' });

const ScheduleDisabled = z
  .object({
    schedule: z.object({
      id: z.string(),
      name: z.string(),
      user_query: z.string(),
      frequency: z.string(),
    }),
    consecutive_failures: z.int(),
    last_error: z.object(fault),
    last_run_id: z.string(),
    disabled_at: time,
    links: z.object({ api: z.url(), console: z.url() }),
  })
  .meta({ id: 'ScheduleDisabled' });

const health = {
  provider: z.string().meta({ description: "The workspace's name." }),
  error: z.object(fault).meta({ description: 'What is, or was, wrong.' }),
  failing_since: time,
  last_success_at: time.nullable(),
};

/** `data` of `provider-unhealthy`. Fields are only ever added. */
export const ProviderUnhealthy = z.object(health).meta({ id: 'ProviderUnhealthy' });
export type ProviderUnhealthy = z.output<typeof ProviderUnhealthy>;

/** `data` of `provider-recovered`. Fields are only ever added. */
export const ProviderRecovered = z.object(health).meta({ id: 'ProviderRecovered' });
export type ProviderRecovered = z.output<typeof ProviderRecovered>;

/** `data` of `endpoint-failing`. Fields are only ever added. */
export const EndpointFailing = z
  .object({
    endpoint: z.object({
      id: z.string().meta({ example: 'whe_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
      name: z.string(),
      providers: z
        .array(z.string())
        .nullable()
        .meta({ description: 'Names of the workspaces that it is limited to; null is all of them.' }),
    }),
    failing_since: time,
    percent: z
      .union([z.literal(50), z.literal(100)])
      .meta({ description: 'How much of the time until it is disabled has passed.' }),
    disabled: z.boolean(),
    reason: z.string(),
    last_error: z
      .object(fault)
      .nullable()
      .meta({ description: 'Of its last attempt; null where the reason says it.' }),
  })
  .meta({ id: 'EndpointFailing' });
export type EndpointFailing = z.output<typeof EndpointFailing>;

const Ping = z.object({ message: z.string() }).meta({ id: 'Ping' });

/** Of each type that is delivered: when it fires, and the schema of its `data`. */
export const EVENT_TYPES: Readonly<
  Record<DeliveredType, { readonly description: string; readonly data: z.ZodType }>
> = {
  'incident-alert': {
    description:
      'An incident of severity medium or higher was synced for the first time, or rose to a severity.',
    data: IncidentAlert,
  },
  'investigation-completed': {
    description: 'An investigation finished: a scheduled one, or any where `triggers` says so.',
    data: InvestigationCompleted,
  },
  'investigation-failed': {
    description: 'An investigation ended with an error: a scheduled one, or any where `triggers` says so.',
    data: InvestigationFailed,
  },
  'schedule-disabled': {
    description: 'A schedule was disabled after five failures in a row.',
    data: ScheduleDisabled,
  },
  'provider-unhealthy': {
    description: 'Three syncs of a workspace failed in a row, or its credential ends within 14 days.',
    data: ProviderUnhealthy,
  },
  'provider-recovered': {
    description: 'A workspace that was unhealthy syncs again.',
    data: ProviderRecovered,
  },
  'endpoint-failing': {
    description:
      'Nothing succeeded at another endpoint for half of the time after which it is disabled, or it was disabled.',
    data: EndpointFailing,
  },
  ping: { description: 'Somebody tests the endpoint.', data: Ping },
};
