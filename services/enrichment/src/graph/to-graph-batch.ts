import type { GraphRows } from '@socmate/database';
import { techniqueOf } from '@socmate/entities';
import type { GraphBatch, GraphTechnique } from '@socmate/knowledge-graph';

function toTechnique(id: string): GraphTechnique {
  const known = techniqueOf(id);
  return {
    key: known?.id ?? id,
    name: known?.name ?? id,
    tactics: known?.tactics.map(({ name }) => name) ?? [],
  };
}

/** What rows say, as the graph is told it. Incidents that were asked for and have no row are no more. */
export function toGraphBatch(rev: number, rows: GraphRows, askedIncidents: readonly string[]): GraphBatch {
  const alerts = Map.groupBy(rows.alerts, ({ incident_id }) => incident_id);
  const mentions = Map.groupBy(rows.mentions, ({ incident_id }) => incident_id);
  const found = new Set(rows.incidents.map(({ id }) => id));
  return {
    rev,
    entities: rows.entities.map(({ id: _id, ...entity }) => entity),
    incidents: rows.incidents.map(({ id, techniques, ...incident }) => ({
      ...incident,
      key: id,
      alerts: (alerts.get(id) ?? []).map(({ id: key, title, severity, product, provider_id }) => ({
        key,
        title,
        severity,
        product,
        provider_id,
      })),
      mentions: (mentions.get(id) ?? []).map(
        ({ incident_id: _incident, entity_id: _entity, ...mention }) => mention,
      ),
      techniques: techniques.map(toTechnique),
    })),
    relations: rows.relations.map(({ from_id: _from, to_id: _to, ...relation }) => relation),
    goneIncidents: askedIncidents.filter((id) => !found.has(id)),
  };
}
