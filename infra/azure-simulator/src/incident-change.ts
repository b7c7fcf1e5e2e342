import { etag } from './guid.ts';
import type { IncidentRecord, IncidentSource, Resource } from './incident-store.ts';
import type { ChangeFacts } from './journal.ts';
import { instantAt, laterThan } from './times.ts';

/** What a status brings with it in Sentinel: a closed incident has a classification, an open one has none. */
function closing({ classification, ...rest }: Resource['properties'], status: string | undefined) {
  if (status === undefined) return classification === undefined ? rest : { ...rest, classification };
  return status === 'Closed' ? { ...rest, classification: classification ?? 'Undetermined' } : rest;
}

/** The incident after an analyst changed it: a new etag, modified later than before. */
export function changeIncident(record: IncidentRecord, change: ChangeFacts, at: Date): IncidentRecord {
  const modified = laterThan(record.modified, instantAt(at.getTime()));
  const body = (): Resource => {
    const before = record.source.body(record);
    const properties = closing(
      { ...before.properties, ...change, lastModifiedTimeUtc: modified },
      change.status,
    );
    return { ...before, etag: etag(before.name, modified), properties };
  };
  const source: IncidentSource = {
    body,
    alerts: () => record.source.alerts(record),
    entities: () => record.source.entities(record),
  };
  const { severity = record.severity, status = record.status } = change;
  return { ...record, modified, severity, status, source };
}
