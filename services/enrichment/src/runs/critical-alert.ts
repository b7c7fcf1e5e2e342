import { type AlertReason, alertTraits, type IncidentAlert, incidentLinks } from '@socmate/contracts';
import type { AlertingIncident, NewEvent } from '@socmate/database';

/** What is closed or merged away alerts nobody, nor does what never alerted anybody. */
const isSilent = ({
  include_closed,
  status,
  merged_into,
  deleted_in_sentinel_at,
  alerted_severity,
}: AlertingIncident) =>
  alerted_severity === null ||
  deleted_in_sentinel_at !== null ||
  (!include_closed && (status === 'closed' || merged_into !== null));

const describe = (incident: AlertingIncident): IncidentAlert['incident'] => ({
  number: incident.number,
  title: incident.title,
  description: incident.description,
  severity: incident.severity,
  status: incident.status,
  provider: incident.provider,
  provider_incident_id: incident.provider_incident_id,
  priority: 'critical',
  tactics: incident.tactics,
  techniques: incident.techniques,
  alerts_count: incident.alerts_count,
  labels: incident.labels,
  products: incident.products ?? [],
  rules: incident.rules ?? [],
  owner: incident.owner,
  created_at: incident.created_at,
  last_modified_at: incident.last_modified_at,
  first_activity_at: incident.first_activity_at,
  last_activity_at: incident.last_activity_at,
});

const render = (incident: AlertingIncident, reason: AlertReason, publicUrl: string): IncidentAlert => ({
  reason,
  incident: describe(incident),
  previous_severity: incident.alerted_severity,
  links: incidentLinks(publicUrl, {
    number: incident.number,
    incidentUrl: incident.incident_url,
    providerName: incident.provider_name,
    providerIncidentId: incident.provider_incident_id,
    defenderUrl: incident.defender_url,
    tenantId: incident.tenant_id,
    // A number alone means the default workspace's incident.
    ...(!incident.is_default_provider && { provider: incident.provider }),
  }),
});

/**
 * The alerts of an incident that became critical: `raised` for endpoints whose minimum had been met before, and `new`
 * for those whose minimum it is the first to meet. Each once, however often it falls and rises.
 */
export function criticalAlerts(incident: AlertingIncident, publicUrl: string): NewEvent[] {
  if (isSilent(incident)) return [];
  return (['raised', 'new'] as const).map((reason) => {
    const data = render(incident, reason, publicUrl);
    return {
      type: 'incident-alert',
      causeKey: `incident:${incident.provider_id}:${incident.sentinel_name}:${reason}:critical`,
      providerId: incident.provider_id,
      traits: { ...alertTraits(data), severity: 'critical' },
      data,
    };
  });
}
