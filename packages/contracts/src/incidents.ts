import { z } from 'zod';
import { Priority, Severity } from './severity.ts';
import { anyCase, distinct, repeatable, text } from './text.ts';

const time = z.iso.datetime();

export const IncidentStatus = z.enum(['new', 'active', 'closed']).meta({ id: 'IncidentStatus' });
export type IncidentStatus = z.output<typeof IncidentStatus>;

/** Which of an incident's times a list looks at. */
export const IncidentTimeField = z.enum(['created', 'modified', 'synced']).meta({ id: 'IncidentTimeField' });
export type IncidentTimeField = z.output<typeof IncidentTimeField>;

export const IncidentSort = z
  .enum(['-created_at', 'created_at', '-last_modified_at', 'last_modified_at', '-synced_at', 'synced_at'])
  .meta({ id: 'IncidentSort' });
export type IncidentSort = z.output<typeof IncidentSort>;

/** A workspace as queries name it: its name, its id, or `sentinel` for the default one. */
export const ProviderRef = text(100).meta({
  description: "The workspace's name or id; `sentinel` is the default one.",
  example: 'prod-sentinel',
});

export const IncidentFilters = z.object({
  severity: repeatable(anyCase(Priority)).meta({
    description: "Sentinel's severity; `critical` filters on SoCMate's own priority.",
  }),
  status: repeatable(anyCase(IncidentStatus)),
  timespan: z
    .string()
    .max(100)
    .default('P7D')
    .meta({ description: 'An ISO 8601 duration back from now, or `start/end`.', example: 'P7D' }),
  time_field: anyCase(IncidentTimeField).default('created'),
  assignee: text(256).optional(),
  tag: text(64).optional(),
  provider: ProviderRef.optional(),
  sort: IncidentSort.optional().meta({
    description: 'Newest first by the `time_field`, if not given.',
  }),
});
export type IncidentFilters = z.output<typeof IncidentFilters>;

export const IncidentNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'is not an incident number')
  .transform(Number)
  .meta({ type: 'integer', example: 12345 });

export const Incident = z
  .object({
    id: z.string(),
    number: z.int(),
    title: z.string(),
    description: z.string(),
    severity: Severity,
    priority: Priority.nullable(),
    status: IncidentStatus,
    classification: z.string().nullable(),
    classification_reason: z.string().nullable(),
    classification_comment: z.string().nullable(),
    owner: z.string().nullable(),
    labels: z.array(z.string()),
    tactics: z.array(z.string()),
    techniques: z.array(z.string()),
    alerts_count: z.int(),
    provider: z.string(),
    provider_name: z.string().nullable(),
    provider_incident_id: z.string().nullable(),
    created_at: time,
    last_modified_at: time,
    first_activity_at: time.nullable(),
    last_activity_at: time.nullable(),
    synced_at: time,
    change_seq: z.int(),
    notes: z.string().nullable(),
    tags: z.array(z.string()),
    assignee: z.string().nullable(),
    merged_into: z.int().nullable(),
    merged_from: z.array(z.int()),
    reopened_at: time.nullable(),
    links: z.object({
      api: z.string(),
      console: z.string(),
      sentinel: z.string().nullable(),
      defender: z.string().nullable(),
    }),
  })
  .meta({ id: 'Incident' });
export type Incident = z.output<typeof Incident>;

const raw = z.record(z.string(), z.unknown());

export const IncidentDetail = Incident.extend({
  sentinel: raw.meta({ description: 'What Sentinel sent, untouched.' }),
  alerts: z.array(raw).meta({ description: "Sentinel's alerts, untouched." }),
  entities: z.array(raw).meta({ description: "Sentinel's entities, untouched." }),
  enrichment: z.null(),
  sessions: z.array(z.unknown()).max(0),
}).meta({ id: 'IncidentDetail' });
export type IncidentDetail = z.output<typeof IncidentDetail>;

/** Only what is SoCMate's own; null clears a field. */
export const IncidentPatch = z
  .object({
    notes: text(20_000).nullable(),
    tags: z.array(text(64)).max(50).transform(distinct).nullable(),
    assignee: text(256).nullable(),
  })
  .partial()
  .meta({ id: 'IncidentPatch' });
export type IncidentPatch = z.output<typeof IncidentPatch>;
