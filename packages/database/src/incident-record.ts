import { IncidentStatus, Priority, Severity } from '@socmate/contracts';
import { z } from 'zod';
import { mergeColumns } from './incident-merges.ts';

const time = z.date().transform((date) => date.toISOString());

const schema = z.object({
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
  provider_name: z.string().nullable(),
  provider_incident_id: z.string().nullable(),
  incident_url: z.string().nullable(),
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
  deleted_in_sentinel_at: time.nullable(),
  provider: z.string(),
  is_default_provider: z.boolean(),
  tenant_id: z.string(),
  defender_url: z.string().nullable(),
});

// Columns that are not simply the incident's own of the same name.
const COMPUTED: Record<string, string> = {
  ...mergeColumns,
  change_seq: 'i.change_seq::text::bigint AS change_seq',
  provider: 'p.name AS provider',
  is_default_provider: 'p.is_default AS is_default_provider',
  tenant_id: 'p.tenant_id',
  defender_url: `i.raw #>> '{properties,additionalData,providerIncidentUrl}' AS defender_url`,
};

/** An incident with what its workspace adds, and without what only its own page shows. */
export type IncidentRecord = z.output<typeof schema>;

/** How it is read: `columns` of `incident AS i` joined with `siem_provider AS p`. */
export const IncidentRecord = {
  schema,
  columns: Object.keys(schema.shape)
    .map((name) => COMPUTED[name] ?? `i.${name}`)
    .join(', '),
};
