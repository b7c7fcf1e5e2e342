import type { IncidentPatch } from '@socmate/contracts';
import { appendAudit, createIncidents, type IncidentRef, type Pool, transaction } from '@socmate/database';
import { type Clock, type Ids, notFound } from '@socmate/runtime';
import { type Acting, auditEntry, changedFields } from '../audit-entry.ts';

export interface UpdateIncidentDeps {
  readonly pool: Pool;
  readonly ids: Ids;
  readonly clock: Clock;
}

export type UpdateIncident = (ref: IncidentRef, patch: IncidentPatch, acting: Acting) => Promise<void>;

/** Changes an incident's local fields and tells the audit log, both or neither. */
export const createUpdateIncident =
  ({ pool, ids, clock }: UpdateIncidentDeps): UpdateIncident =>
  (ref, patch, acting) =>
    transaction(pool, async (db) => {
      const change = await createIncidents(db).patch(ref, patch);
      if (!change) throw notFound('incident', ref.number);
      const { before, after } = changedFields({ ...change.before }, { ...change.after });
      if (Object.keys(after).length === 0) return;
      const entry = auditEntry(ids, acting, { action: 'incident.updated', target: change.id, before, after });
      await appendAudit(db, entry, clock.now());
    });
