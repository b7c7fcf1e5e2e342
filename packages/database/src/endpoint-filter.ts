import {
  AlertReason,
  type EventFilter,
  EventFilters,
  EventType,
  InvestigationTrigger,
  Priority,
} from '@socmate/contracts';
import { z } from 'zod';

/** The columns of an endpoint that decide which events it gets. */
export const filterColumns = {
  event_types: z.array(EventType),
  severity_min: Priority.nullable(),
  alert_on: z.array(AlertReason),
  triggers: z.array(InvestigationTrigger),
  providers: z.array(z.string()).nullable(),
  filters: EventFilters,
};

const FilterRow = z.object(filterColumns);

export const toFilter = (endpointId: string, row: z.output<typeof FilterRow>): EventFilter => ({
  endpointId,
  eventTypes: row.event_types,
  severityMin: row.severity_min,
  alertOn: row.alert_on,
  triggers: row.triggers,
  providers: row.providers,
  filters: row.filters,
});
