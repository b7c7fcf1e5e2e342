import { etag } from './guid.ts';
import type { IncidentRecord, Resource } from './incident-store.ts';
import type { ChangeFacts } from './journal.ts';
import { instantAt, laterThan } from './times.ts';

/** What a status brings with it in Sentinel: a closed incident has a classification, an open one has none. */
function closing({ classification, ...rest }: Resource['properties'], status: string | undefined) {
  if (status === undefined) return { classification, ...rest };
  return status === 'Closed' ? { ...rest, classification: classification ?? 'Undetermined' } : rest;
}

/** The incident after an analyst changed it: a new etag, modified later than before. */
export function changeIncident(record: IncidentRecord, change: ChangeFacts, at: Date): IncidentRecord {
  const modified = laterThan(record.modified, instantAt(at.getTime()));
  const body = (): Resource => {
    const before = record.body();
    const properties = closing(
      { ...before.properties, ...change, lastModifiedTimeUtc: modified },
      change.status,
    );
    const known = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
    return { ...before, etag: etag(before.name, modified), properties: known };
  };
  return {
    ...record,
    modified,
    severity: change.severity ?? record.severity,
    status: change.status ?? record.status,
    body,
  };
}
