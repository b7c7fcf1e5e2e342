import { Severity } from '@socmate/contracts';
import { z } from 'zod';
import { IncidentRecord } from './incident-record.ts';
import { type Queryable, rows } from './pool.ts';

const names = z.array(z.string()).nullish().catch([]);

const Row = IncidentRecord.schema.extend({
  provider_id: z.string(),
  sentinel_name: z.string(),
  alerted_severity: Severity.nullable(),
  include_closed: z.boolean(),
  products: names,
  rules: names,
});
/** An incident with what an alert about it says, and who it may alert. */
export type AlertingIncident = z.output<typeof Row>;

const SELECT = `SELECT ${IncidentRecord.columns}, i.provider_id, i.sentinel_name, i.alerted_severity, p.include_closed,
    i.raw #> '{properties,additionalData,alertProductNames}' AS products,
    i.raw #> '{properties,relatedAnalyticRuleIds}' AS rules
  FROM incident AS i JOIN siem_provider AS p ON p.id = i.provider_id WHERE i.id = $1`;

export async function alertingIncident(
  db: Queryable,
  incidentId: string,
): Promise<AlertingIncident | undefined> {
  const [row] = await rows(db, Row, { text: SELECT, values: [incidentId] });
  return row;
}
