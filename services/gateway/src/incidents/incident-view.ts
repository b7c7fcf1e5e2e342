import {
  type EnrichmentRecord,
  type Incident,
  type IncidentDetail,
  type IncidentEntity,
  incidentLinks,
} from '@socmate/contracts';
import type { IncidentRecord, IncidentWithDetails, NamedEntity } from '@socmate/database';
import { isWeakKey } from '@socmate/entities';

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

/** What is told of an incident beside its row. */
export interface IncidentContext {
  readonly entities: readonly NamedEntity[];
  readonly enrichment: EnrichmentRecord | undefined;
  /** Whoever sees some workspaces alone is not told what others say of an entity. */
  readonly isLimited: boolean;
}

export function incidentDetailView(
  publicUrl: string,
  incident: IncidentWithDetails,
  { entities: named, enrichment, isLimited }: IncidentContext,
): IncidentDetail {
  const { raw, alerts, entities, merged_incidents, provider_id: workspace } = incident;
  return {
    ...incidentView(publicUrl, incident),
    sentinel: raw,
    alerts,
    sentinel_entities: entities,
    entities: named.map((entity) => entityView(entity, isLimited ? workspace : undefined)),
    merged_incidents,
    enrichment: enrichment ?? null,
    sessions: [],
  };
}

/** Names that mean something in one workspace alone are shown with the incidents of that one. */
function entityView(entity: NamedEntity, only: string | undefined): IncidentEntity {
  const { id: _id, risk: _risk, role: _role, named_first, named_last, ...shown } = entity;
  return {
    ...shown,
    aliases: entity.aliases.filter((alias) => only === undefined || !isOfAnother(alias, only)),
    attributes: only === undefined ? entity.attributes : {},
    first_seen: named_first,
    last_seen: named_last,
  };
}

const isOfAnother = (alias: string, workspace: string): boolean =>
  isWeakKey(alias) && !alias.endsWith(`@${workspace}`);
