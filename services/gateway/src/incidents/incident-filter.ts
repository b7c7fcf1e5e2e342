import type { IncidentFilters, IncidentTimeField, Priority, Severity } from '@socmate/contracts';
import type { IncidentFilter, IncidentOrder, IncidentTimeColumn, ProviderView } from '@socmate/database';

const COLUMNS: Record<IncidentTimeField, IncidentTimeColumn> = {
  created: 'created_at',
  modified: 'last_modified_at',
  synced: 'synced_at',
};

const isSeverity = (value: Priority): value is Severity => value !== 'critical';

/** `critical` is no severity of Sentinel's: it asks for SoCMate's own priority. */
export function incidentFilter(
  query: IncidentFilters,
  window: { from: Date | null; to: Date | null },
  providerIds: ProviderView,
): IncidentFilter {
  const { severity = [], status = [], time_field, assignee, tag, q, defender_id } = query;
  return {
    timeColumn: COLUMNS[time_field],
    ...window,
    severities: severity.filter(isSeverity),
    priorities: severity.filter((value) => !isSeverity(value)),
    statuses: status,
    assignee,
    tag,
    words: q,
    providerIncidentId: defender_id,
    providerIds,
  };
}

export function incidentOrder({ sort, time_field }: IncidentFilters): IncidentOrder {
  if (sort === undefined) return { column: COLUMNS[time_field], direction: 'desc' };
  const column = sort.replace('-', '') as IncidentTimeColumn;
  return { column, direction: sort.startsWith('-') ? 'desc' : 'asc' };
}
