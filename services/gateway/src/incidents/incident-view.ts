import { type Incident, type IncidentDetail, incidentLinks } from '@socmate/contracts';
import type { IncidentRecord, IncidentWithDetails } from '@socmate/database';

/** An incident as the API shows it in lists. */
export function incidentView(publicUrl: string, incident: IncidentRecord): Incident {
  const links = incidentLinks(publicUrl, {
    number: incident.number,
    incidentUrl: incident.incident_url,
    providerName: incident.provider_name,
    providerIncidentId: incident.provider_incident_id,
    defenderUrl: incident.defender_url,
    tenantId: incident.tenant_id,
    ...(!incident.is_default_provider && { provider: incident.provider }),
  });
  return { ...incident, merged_into: null, merged_from: [], reopened_at: null, links };
}

export function incidentDetailView(publicUrl: string, incident: IncidentWithDetails): IncidentDetail {
  const { raw, alerts, entities } = incident;
  return {
    ...incidentView(publicUrl, incident),
    sentinel: raw,
    alerts,
    entities,
    enrichment: null,
    sessions: [],
  };
}
