import type { IncidentPatch } from '@socmate/contracts';
import { z } from 'zod';
import {
  type ChangePosition,
  type ChangesPage,
  changesFromNow,
  type IncidentChanges,
  listChanges,
} from './incident-changes.ts';
import {
  countIncidents,
  type IncidentFilter,
  type IncidentListing,
  type IncidentPage,
  listIncidents,
} from './incident-list.ts';
import { MERGED_INCIDENTS, MergedIncidents } from './incident-merges.ts';
import { IncidentRecord } from './incident-record.ts';
import { type Queryable, rows } from './pool.ts';
import { type ProviderFreshness, providerFreshness } from './provider-freshness.ts';

const Raw = z.record(z.string(), z.unknown());

const DetailRow = IncidentRecord.schema.extend({
  provider_id: z.string(),
  raw: Raw,
  entities: z.array(Raw),
  alerts: z.array(Raw),
  merged_incidents: MergedIncidents,
});
export type IncidentWithDetails = z.output<typeof DetailRow>;

/** One incident of those that share a number. */
export interface IncidentRef {
  readonly number: number;
  /** Ids; undefined is all of them, the default workspace's first. */
  readonly providerIds?: readonly string[] | undefined;
}

/** What SoCMate itself keeps of an incident. */
type LocalFields = Required<IncidentPatch>;

export interface LocalChange {
  readonly id: string;
  readonly before: LocalFields;
  readonly after: LocalFields;
}

export interface Incidents {
  list(filter: IncidentFilter, page: IncidentPage): Promise<IncidentListing>;
  /** Counts on from `TOTAL_MAX` no further than by one. */
  count(filter: IncidentFilter): Promise<number>;
  /** In the order in which changes became visible to all, each incident at its last one. */
  changes(page: ChangesPage): Promise<IncidentChanges>;
  /** Before everything that is still to become visible. */
  changesFromNow(): Promise<ChangePosition>;
  /** How old what is stored of these workspaces may be; undefined is all of them. */
  freshness(providerIds: readonly string[] | undefined): Promise<ProviderFreshness[]>;
  byNumber(ref: IncidentRef): Promise<IncidentWithDetails | undefined>;
  /**
   * Changes local fields, in the caller's transaction; the row stays locked until its end. What is as it was counts
   * as no change: `change_seq` stays.
   */
  patch(ref: IncidentRef, patch: IncidentPatch): Promise<LocalChange | undefined>;
}

const OF_NUMBER = `FROM incident AS i JOIN siem_provider AS p ON p.id = i.provider_id
  WHERE i.number = $1 AND ($2::text[] IS NULL OR i.provider_id = ANY ($2))
  ORDER BY p.is_default DESC, p.deleted_at IS NOT NULL, p.created_at, i.id LIMIT 1`;

const BY_NUMBER = `SELECT ${IncidentRecord.columns}, ${MERGED_INCIDENTS}, i.provider_id, i.raw, i.entities, COALESCE((
    SELECT jsonb_agg(a.raw ORDER BY a.system_alert_id) FROM incident_alert AS ia
    JOIN alert AS a ON a.id = ia.alert_id WHERE ia.incident_id = i.id), '[]') AS alerts ${OF_NUMBER}`;

const LOCK = `SELECT i.id, i.notes, i.tags, i.assignee ${OF_NUMBER} FOR UPDATE OF i`;

const PATCH = `UPDATE incident SET notes = $2, tags = $3, assignee = $4,
  local_updated_at = now(), change_seq = pg_current_xact_id() WHERE id = $1`;

const LocalRow = z.object({
  id: z.string(),
  notes: z.string().nullable(),
  tags: z.array(z.string()),
  assignee: z.string().nullable(),
});

const refValues = ({ number, providerIds }: IncidentRef): unknown[] => [number, providerIds ?? null];

async function patchLocal(
  db: Queryable,
  ref: IncidentRef,
  patch: IncidentPatch,
): Promise<LocalChange | undefined> {
  const [row] = await rows(db, LocalRow, { text: LOCK, values: refValues(ref) });
  if (!row) return undefined;
  const { id, ...before } = row;
  const after = { ...before, ...patch, tags: patch.tags === null ? [] : (patch.tags ?? before.tags) };
  if (JSON.stringify(after) !== JSON.stringify(before)) {
    await db.query({ text: PATCH, values: [id, after.notes, after.tags, after.assignee] });
  }
  return { id, before, after };
}

export const createIncidents = (db: Queryable): Incidents => ({
  list: (filter, page) => listIncidents(db, filter, page),
  count: (filter) => countIncidents(db, filter),
  changes: (page) => listChanges(db, page),
  changesFromNow: () => changesFromNow(db),
  freshness: (providerIds) => providerFreshness(db, providerIds),
  byNumber: async (ref) => {
    const [row] = await rows(db, DetailRow, { text: BY_NUMBER, values: refValues(ref) });
    return row;
  },
  patch: (ref, patch) => patchLocal(db, ref, patch),
});
