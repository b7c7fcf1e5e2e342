import { type Incident, type IncidentDetail, incidentLinks } from '@socmate/contracts';
import type { IncidentRecord, IncidentWithDetails } from '@socmate/database';

/** `TruePositive` of Sentinel's is `true_positive`. */
const snakeCase = (given: string | null): string | null =>
  given?.replaceAll(/(?<=[a-z0-9])[A-Z]/g, '_$&').toLowerCase() ?? null;

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
  return {
    ...incident,
    classification: snakeCase(incident.classification),
    classification_reason: snakeCase(incident.classification_reason),
    links,
  };
}

export function incidentDetailView(publicUrl: string, incident: IncidentWithDetails): IncidentDetail {
  const { raw, alerts, entities, merged_incidents } = incident;
  return {
    ...incidentView(publicUrl, incident),
    sentinel: raw,
    alerts,
    entities,
    merged_incidents,
    enrichment: null,
    sessions: [],
  };
}
