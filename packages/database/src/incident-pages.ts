import { Severity } from '@socmate/contracts';
import type { Clock, Ids } from '@socmate/runtime';
import { z } from 'zod';
import { type NewEvent, publishEvents } from './event-publishing.ts';
import { type MergeChange, touchMerged } from './merge-touch.ts';
import { type Pool, type Queryable, rows, run, transaction } from './pool.ts';
import { readAgain } from './read-again.ts';

/** An incident as Sentinel has it, in our own form; times are RFC 3339 of any precision. */
export interface IncidentRow {
  readonly sentinelName: string;
  readonly number: number;
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly status: 'new' | 'active' | 'closed';
  readonly classification: string | null;
  readonly classificationReason: string | null;
  readonly classificationComment: string | null;
  readonly owner: string | null;
  readonly labels: readonly string[];
  readonly tactics: readonly string[];
  readonly techniques: readonly string[];
  readonly alertsCount: number;
  readonly providerName: string | null;
  readonly providerIncidentId: string | null;
  readonly incidentUrl: string | null;
  /** The number of the incident that this one was merged into. */
  readonly mergedInto: number | null;
  readonly commentsCount: number;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
  readonly firstActivityAt: string | null;
  readonly lastActivityAt: string | null;
  readonly etag: string | null;
  /** What Sentinel sent, untouched but for characters that Postgres cannot hold. */
  readonly raw: unknown;
}

/** A row that a page inserted, or changed in more than a comment of our own. */
export interface StoredIncident {
  readonly id: string;
  readonly sentinelName: string;
  readonly isNew: boolean;
  /** The severity of the last alert that this incident fired. */
  readonly alertedSeverity: Severity | null;
}

/** What a workspace is called while a page of it is stored: it stays so until the page has committed. */
export interface ProviderNaming {
  readonly name: string;
  readonly isDefault: boolean;
}

export type IncidentAlertEvent = NewEvent & { readonly incidentId: string; readonly severity: Severity };

interface StoredPage {
  readonly inserted: number;
  readonly changed: number;
  /** Names of incidents whose number another incident of the workspace has: not stored. */
  readonly collided: readonly string[];
  /** Endpoints that got deliveries: to be woken now that the page has committed. */
  readonly endpointIds: readonly string[];
}

interface PageToStore {
  readonly providerId: string;
  /** Each incident once. */
  readonly incidents: readonly IncidentRow[];
  readonly alertsFor: (
    stored: readonly StoredIncident[],
    naming: ProviderNaming,
  ) => readonly IncidentAlertEvent[];
  readonly traceparent: string | undefined;
}

export interface IncidentPages {
  /**
   * Stores a page and the alerts that it causes in one transaction, in at most eight statements.
   * What is not newer than the stored row changes nothing; notes, tags and assignee are never touched. Where nothing
   * but comments of our own came to an incident, its row is up to date and has not changed for those who read changes.
   */
  store(page: PageToStore): Promise<StoredPage>;
}

const COLUMNS = {
  sentinel_name: 'text',
  number: 'bigint',
  title: 'text',
  description: 'text',
  severity: 'text',
  status: 'text',
  classification: 'text',
  classification_reason: 'text',
  classification_comment: 'text',
  owner: 'text',
  labels: 'text[]',
  tactics: 'text[]',
  techniques: 'text[]',
  alerts_count: 'integer',
  provider_name: 'text',
  provider_incident_id: 'text',
  incident_url: 'text',
  merged_into: 'bigint',
  comments_count: 'integer',
  created_at: 'timestamptz',
  last_modified_at: 'timestamptz',
  first_activity_at: 'timestamptz',
  last_activity_at: 'timestamptz',
  etag: 'text',
  raw: 'jsonb',
};
const names = Object.keys(COLUMNS);

// What differs between two versions of an incident to which nothing but a comment was added.
const apart = (raw: string): string =>
  `(${raw} - 'etag') #- '{properties,lastModifiedTimeUtc}' #- '{properties,additionalData,commentsCount}'`;

// Row by row, by its key: without statistics the planner would join all of a workspace's incidents to each page.
// Ours alone: as many comments more as we have posted since, or may be posting, and nothing else.
const JUDGED = `SELECT page.*, i.merged_into AS was_merged_into, i.id IS NOT NULL AND page.last_modified_at > i.last_modified_at
      AND i.deleted_in_sentinel_at IS NULL
      AND page.comments_count - i.comments_count BETWEEN 1 AND ours.posted + ours.posting - i.own_comments
      AND ${apart('page.raw')} = ${apart('i.raw')} AS is_ours_alone,
    COALESCE(i.own_comments, 0) + greatest(0, least(page.comments_count - i.comments_count,
      ours.posted + ours.posting - i.own_comments)) AS own_comments
  FROM page
  LEFT JOIN LATERAL (SELECT * FROM incident
    WHERE provider_id = $1 AND sentinel_name = page.sentinel_name LIMIT 1) AS i ON true
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE status = 'posted') AS posted, count(*) FILTER (WHERE status = 'posting') AS posting
    FROM comment WHERE comment.incident_id = i.id) AS ours`;

// Details that are not due mark a row to which only comments of our own came: RETURNING sees no other column.
const UPSERT = `WITH page AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS r (id text, ${Object.entries(COLUMNS)
      .map(([name, type]) => `${name} ${type}`)
      .join(', ')})),
  collided AS (
    SELECT page.sentinel_name FROM page CROSS JOIN LATERAL (
      SELECT sentinel_name FROM incident WHERE provider_id = $1 AND number = page.number LIMIT 1) AS known
    WHERE known.sentinel_name <> page.sentinel_name),
  judged AS MATERIALIZED (${JUDGED}),
  stored AS (
    INSERT INTO incident AS i (id, provider_id, details_due_at, own_comments, ${names.join(', ')})
    SELECT id, $1, CASE WHEN is_ours_alone THEN NULL ELSE now() END, own_comments, ${names.join(', ')}
    FROM judged WHERE sentinel_name NOT IN (SELECT sentinel_name FROM collided)
    ORDER BY sentinel_name
    ON CONFLICT ON CONSTRAINT incident_sentinel_name_key DO UPDATE SET
      ${names.map((name) => `${name} = excluded.${name}`).join(', ')},
      own_comments = excluded.own_comments, deleted_in_sentinel_at = NULL,
      reopened_at = CASE WHEN i.status = 'closed' AND excluded.status <> 'closed'
        THEN excluded.last_modified_at ELSE i.reopened_at END,
      details_due_at = COALESCE(excluded.details_due_at, i.details_due_at),
      details_tries = CASE WHEN excluded.details_due_at IS NULL THEN i.details_tries ELSE 0 END,
      synced_at = COALESCE(excluded.details_due_at, i.synced_at),
      change_seq = CASE WHEN excluded.details_due_at IS NULL THEN i.change_seq ELSE pg_current_xact_id() END
    WHERE excluded.last_modified_at > i.last_modified_at
      OR (excluded.last_modified_at = i.last_modified_at
        AND (excluded.etag IS DISTINCT FROM i.etag OR i.deleted_in_sentinel_at IS NOT NULL))
    RETURNING id, sentinel_name, xmax = 0 AS is_new, alerted_severity, change_seq = pg_current_xact_id() AS is_visible),
  ${readAgain('SELECT id FROM stored WHERE is_visible')}
  SELECT stored.id, sentinel_name, is_new, alerted_severity, judged.number, was_merged_into, judged.merged_into
  FROM stored JOIN judged USING (sentinel_name) WHERE is_visible
  UNION ALL SELECT NULL, sentinel_name, false, NULL, 0, NULL, NULL FROM collided`;

const StoredRow = z.object({
  id: z.string().nullable(),
  sentinel_name: z.string(),
  is_new: z.boolean(),
  alerted_severity: Severity.nullable(),
  number: z.int(),
  was_merged_into: z.int().nullable(),
  merged_into: z.int().nullable(),
});

// The lock makes a rename wait: it carries the new name into endpoints, which would not match alerts under the old one.
const NAMING = 'SELECT name, is_default FROM siem_provider WHERE id = $1 FOR SHARE';

const ALERTED = `UPDATE incident SET alerted_severity = a.severity
  FROM unnest($1::text[], $2::text[]) AS a (id, severity) WHERE incident.id = a.id`;

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function toRecord(incident: IncidentRow, ids: Ids): Record<string, unknown> {
  const record = Object.entries(incident).map(([name, value]) => [snakeCase(name), value] as const);
  return { id: ids.next('inc'), ...Object.fromEntries(record) };
}

async function upsert(db: Queryable, providerId: string, incidents: readonly IncidentRow[], ids: Ids) {
  const records = incidents.map((incident) => toRecord(incident, ids));
  const answer = await rows(db, StoredRow, {
    name: 'store-incident-page',
    text: UPSERT,
    values: [providerId, JSON.stringify(records)],
  });
  const stored = answer.flatMap(({ id, ...row }): StoredIncident[] =>
    id === null
      ? []
      : [
          {
            id,
            sentinelName: row.sentinel_name,
            isNew: row.is_new,
            alertedSeverity: row.alerted_severity,
          },
        ],
  );
  const merges = answer.flatMap(({ number, was_merged_into: before, merged_into: after }): MergeChange[] =>
    before === after ? [] : [{ number, before, after }],
  );
  return { stored, merges, collided: answer.filter(({ id }) => id === null).map((row) => row.sentinel_name) };
}

async function holdNaming(db: Queryable, providerId: string): Promise<ProviderNaming> {
  const Row = z.object({ name: z.string(), is_default: z.boolean() });
  const [row] = await rows(db, Row, { name: 'provider-naming', text: NAMING, values: [providerId] });
  if (!row) throw new Error(`there is no workspace ${providerId}`);
  return { name: row.name, isDefault: row.is_default };
}

export function createIncidentPages(pool: Pool, { ids, clock }: { ids: Ids; clock: Clock }): IncidentPages {
  return {
    store: ({ providerId, incidents, alertsFor, traceparent }) =>
      transaction(pool, async (db) => {
        const naming = await holdNaming(db, providerId);
        const { stored, merges, collided } = await upsert(db, providerId, incidents, ids);
        await touchMerged(db, providerId, merges);
        const alerts = alertsFor(stored, naming);
        const endpointIds = await publishEvents(db, { ids, clock }, alerts, traceparent);
        if (alerts.length > 0) {
          const values = [alerts.map(({ incidentId }) => incidentId), alerts.map(({ severity }) => severity)];
          await run(db, { name: 'set-alerted-severity', text: ALERTED, values });
        }
        const inserted = stored.filter(({ isNew }) => isNew).length;
        return { inserted, changed: stored.length - inserted, collided, endpointIds };
      }),
  };
}
