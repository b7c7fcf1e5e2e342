import { z } from 'zod';
import { EnrichmentRecord, Verdict } from './enrichment.ts';
import { Entity } from './entities.ts';
import { PageQuery, pageOf } from './paging.ts';
import { Priority, Severity } from './severity.ts';
import { anyCase, distinct, repeatable, text } from './text.ts';
import { parseDuration } from './timespan.ts';

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

/** How far back a list looks when nothing says otherwise. */
export const DEFAULT_TIMESPAN = 'P7D';

export const IncidentFilters = z.object({
  severity: repeatable(anyCase(Priority)).meta({
    description: "Sentinel's severity; `critical` filters on SoCMate's own priority.",
  }),
  status: repeatable(anyCase(IncidentStatus)),
  timespan: z
    .string()
    .max(100)
    .optional()
    .meta({
      description: `An ISO 8601 duration back from now, or \`start/end\`; \`${DEFAULT_TIMESPAN}\` if not given, and all of time with \`defender_id\`.`,
      example: DEFAULT_TIMESPAN,
    }),
  time_field: anyCase(IncidentTimeField).default('created'),
  q: text(200).optional().meta({
    description:
      'Whole words, in any case, of title, description, labels, owner, tags, number and `provider_incident_id`: all of them, `"a phrase"`, `this or that`, `-without`.',
    example: '"password spray" -test',
  }),
  assignee: text(256).optional(),
  tag: text(64).optional(),
  provider: ProviderRef.optional(),
  defender_id: text(100).optional().meta({
    description: 'The number that the Defender portal shows: `provider_incident_id`.',
    example: '347',
  }),
  sort: IncidentSort.optional().meta({
    description: 'Newest first by the `time_field`, if not given.',
  }),
});
export type IncidentFilters = z.output<typeof IncidentFilters>;

export const MaxAge = z
  .string()
  .max(50)
  .refine((value) => parseDuration(value) !== undefined, 'is an ISO 8601 duration such as PT10M')
  .meta({
    description: 'Answers 503 where a workspace was last synced longer ago than this.',
    example: 'PT10M',
  });

/** Changes are read on from a cursor, from now on, or from the beginning. */
export const IncidentChangesQuery = z.object({
  cursor: PageQuery.shape.cursor.meta({ description: 'The `next_cursor` of the page before.' }),
  from: z
    .enum(['beginning', 'now'])
    .optional()
    .meta({ description: 'Where to begin without a cursor; the beginning if not given.' }),
  limit: PageQuery.shape.limit,
  provider: ProviderRef.optional(),
  max_age: MaxAge.optional(),
});
export type IncidentChangesQuery = z.output<typeof IncidentChangesQuery>;

export const IncidentNumber = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,14})$/, 'is not an incident number')
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
    classification: z.string().nullable().meta({ example: 'true_positive' }),
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
    merged_into: z
      .int()
      .nullable()
      .meta({ description: 'The number of the incident that this one is part of by now.' }),
    merged_from: z.array(z.int()).meta({ description: 'The numbers of those that are part of this one.' }),
    reopened_at: time.nullable(),
    deleted_in_sentinel_at: time.nullable(),
    links: z.object({
      api: z.string(),
      console: z.string(),
      sentinel: z.string().nullable(),
      defender: z.string().nullable(),
    }),
  })
  .meta({ id: 'Incident' });
export type Incident = z.output<typeof Incident>;

/** How old what is stored of a workspace may be. */
export const Freshness = z
  .object({
    provider: z.string(),
    last_synced_at: time.nullable(),
    lag_s: z.int().nullable(),
    status: z.enum(['ok', 'failing', 'disabled', 'never']),
  })
  .meta({ id: 'Freshness' });
export type Freshness = z.output<typeof Freshness>;

export const IncidentPage = pageOf(Incident)
  .extend({ freshness: z.array(Freshness) })
  .meta({ id: 'IncidentPage' });

export const IncidentChangesPage = z
  .object({
    items: z.array(Incident),
    limit: z.int(),
    has_more: z.boolean(),
    next_cursor: z.string().meta({ description: 'Never expires, and is given with an empty page too.' }),
    freshness: z.array(Freshness),
  })
  .meta({ id: 'IncidentChangesPage' });
export type IncidentChangesPage = z.output<typeof IncidentChangesPage>;

/** What people wrote on an incident that is part of another one by now. */
const MergedIncident = z
  .object({
    number: z.int(),
    title: z.string(),
    notes: z.string().nullable(),
    tags: z.array(z.string()),
    assignee: z.string().nullable(),
  })
  .meta({ id: 'MergedIncident' });

const raw = z.record(z.string(), z.unknown());

/** An entity as an incident names it. */
export const IncidentEntity = Entity.extend({
  first_seen: z.iso.datetime().meta({ description: 'By the activity of this incident.' }),
  last_seen: z.iso.datetime(),
  count: z.int().meta({
    description: 'In how many parts of the incident it stands: its entities, each alert, its text.',
  }),
  verdict: Verdict.nullable(),
}).meta({ id: 'IncidentEntity' });
export type IncidentEntity = z.output<typeof IncidentEntity>;

export const IncidentDetail = Incident.extend({
  sentinel: raw.meta({ description: 'What Sentinel sent, untouched.' }),
  alerts: z.array(raw).meta({ description: "Sentinel's alerts, untouched." }),
  sentinel_entities: z.array(raw).meta({ description: "Sentinel's entities, untouched." }),
  entities: z.array(IncidentEntity).meta({
    description: 'What the incident, its alerts and their texts name, read within seconds of a change.',
  }),
  merged_incidents: z.array(MergedIncident),
  enrichment: EnrichmentRecord.nullable().meta({ description: 'The last result; null before the first.' }),
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
