import { z } from 'zod';
import { Priority, Severity } from './severity.ts';

const time = z.iso.datetime();

export const EventType = z
  .enum([
    'incident-alert',
    'investigation-completed',
    'investigation-failed',
    'schedule-disabled',
    'provider-unhealthy',
    'provider-recovered',
    'endpoint-failing',
  ])
  .meta({ id: 'EventType' });
export type EventType = z.output<typeof EventType>;

/** What is delivered under a `type`: an event that an endpoint subscribes to, or the test button's ping. */
export const DeliveredType = z.enum([...EventType.options, 'ping']).meta({ id: 'DeliveredType' });
export type DeliveredType = z.output<typeof DeliveredType>;

export const AlertReason = z.enum(['new', 'raised']).meta({ id: 'AlertReason' });
export type AlertReason = z.output<typeof AlertReason>;

export const InvestigationTrigger = z.enum(['schedule', 'api']).meta({ id: 'InvestigationTrigger' });
export type InvestigationTrigger = z.output<typeof InvestigationTrigger>;

/** `data` of an `incident-alert`. Fields are only ever added. */
export const IncidentAlert = z
  .object({
    reason: AlertReason,
    incident: z.object({
      number: z.int(),
      title: z.string(),
      description: z.string(),
      severity: Severity,
      status: z.enum(['new', 'active', 'closed']),
      provider: z.string(),
      provider_incident_id: z.string().nullable(),
      priority: Priority.nullable(),
      tactics: z.array(z.string()),
      techniques: z.array(z.string()),
      alerts_count: z.int(),
      labels: z.array(z.string()),
      products: z.array(z.string()).meta({ description: 'Whose alerts the incident has.' }),
      rules: z.array(z.string()).meta({ description: 'Ids of the analytics rules that made it.' }),
      owner: z.string().nullable(),
      created_at: time,
      last_modified_at: time,
      first_activity_at: time.nullable(),
      last_activity_at: time.nullable(),
    }),
    previous_severity: Severity.nullable(),
    links: z.object({
      api: z.url(),
      console: z.url(),
      sentinel: z.url().nullable(),
      defender: z.url().nullable(),
    }),
    suppressed_count: z.int().min(1).optional().meta({
      description:
        'Set in the one event that stands for the alerts of a rule that were held back from this endpoint: how many, the incident of this event among them.',
    }),
  })
  .meta({ id: 'IncidentAlert' });
export type IncidentAlert = z.output<typeof IncidentAlert>;

/** The body as sent, Standard Webhooks' envelope: rendered once, stored as bytes, never rendered again. */
export function renderEvent(event: {
  id: string;
  type: DeliveredType;
  timestamp: Date;
  data: unknown;
}): Buffer {
  const { id, type, timestamp, data } = event;
  return Buffer.from(JSON.stringify({ id, type, timestamp: timestamp.toISOString(), data }));
}
