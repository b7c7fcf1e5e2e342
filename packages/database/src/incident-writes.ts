import { Comment, StatusChange, type StatusChangeCreate, TOTAL_MAX } from '@socmate/contracts';
import { z } from 'zod';
import type { IncidentRef } from './incidents.ts';
import { type Queryable, rows, run } from './pool.ts';
import { type Position, positionColumn } from './position.ts';

const TargetRow = z
  .object({
    id: z.string(),
    provider_id: z.string(),
    provider: z.string(),
    number: z.int(),
    etag: z.string().nullable(),
    raw: z.record(z.string(), z.unknown()),
    is_deleted: z.boolean(),
    is_connected: z.boolean(),
    is_enabled: z.boolean(),
    allows_status_changes: z.boolean(),
    comments: z.int(),
    has_running_change: z.boolean(),
  })
  .transform((row) => ({
    id: row.id,
    providerId: row.provider_id,
    provider: row.provider,
    number: row.number,
    etag: row.etag,
    raw: row.raw,
    isDeleted: row.is_deleted,
    isConnected: row.is_connected,
    isEnabled: row.is_enabled,
    allowsStatusChanges: row.allows_status_changes,
    comments: row.comments,
    hasRunningChange: row.has_running_change,
  }));

/** An incident as a write to Sentinel begins. `comments` counts those in Sentinel, as it was synced, and ours that came or come on top. */
export type WriteTarget = z.output<typeof TargetRow>;

const time = z.date().transform((date) => date.toISOString());

const CommentRow = Comment.extend({ created_at: time, posted_at: time.nullable() });
export type CommentRecord = z.output<typeof CommentRow>;
const StatusChangeRow = StatusChange.extend({ created_at: time, completed_at: time.nullable() });
export type StatusChangeRecord = z.output<typeof StatusChangeRow>;

export interface NewComment {
  readonly id: string;
  /** Its name in Azure: a repeated write under it is the same comment. */
  readonly sentinelName: string;
  readonly message: string;
  readonly createdBy: string;
}

export interface NewStatusChange {
  readonly id: string;
  readonly requested: StatusChangeCreate;
  readonly createdBy: string;
  readonly requestId: string;
}

interface CommentPage {
  readonly limit: number;
  readonly offset: number;
  readonly after?: Position | undefined;
}

interface CommentListing {
  readonly comments: readonly CommentRecord[];
  readonly next: Position | null;
}

/** Writes to Sentinel as people ask for them and read what became of them. */
export interface IncidentWrites {
  /** The incident that a number means, locked until the end of the caller's transaction. */
  target(ref: IncidentRef): Promise<WriteTarget | undefined>;
  addComment(target: WriteTarget, comment: NewComment): Promise<void>;
  addStatusChange(target: WriteTarget, change: NewStatusChange): Promise<void>;
  /** The id of the incident that a number means. */
  incidentId(ref: IncidentRef): Promise<string | undefined>;
  /** Newest first. */
  comments(incidentId: string, page: CommentPage): Promise<CommentListing>;
  /** Counts on from `TOTAL_MAX` no further than by one. */
  countComments(incidentId: string): Promise<number>;
  comment(incidentId: string, id: string): Promise<CommentRecord | undefined>;
  statusChange(incidentId: string, id: string): Promise<StatusChangeRecord | undefined>;
}

const OF_NUMBER = `FROM incident AS i JOIN siem_provider AS p ON p.id = i.provider_id
  WHERE i.number = $1 AND ($2::text[] IS NULL OR i.provider_id = ANY ($2))
  ORDER BY p.is_default DESC, p.deleted_at IS NOT NULL, p.created_at, i.id LIMIT 1`;

// Of ours, those that Sentinel's count holds already are not counted twice.
const COMMENTS_TO_BE = `i.comments_count + greatest(0, (SELECT count(*)::integer FROM comment AS c
  WHERE c.incident_id = i.id AND c.status <> 'failed') - i.own_comments)`;

const TARGET = `SELECT i.id, i.provider_id, p.name AS provider, i.number, i.etag, i.raw,
    i.deleted_in_sentinel_at IS NOT NULL AS is_deleted, p.deleted_at IS NULL AS is_connected,
    p.enabled AS is_enabled, p.allow_status_changes AS allows_status_changes,
    ${COMMENTS_TO_BE} AS comments,
    EXISTS (SELECT FROM status_change AS s
      WHERE s.incident_id = i.id AND s.status IN ('pending', 'applying')) AS has_running_change
  ${OF_NUMBER} FOR UPDATE OF i`;

const ADD_COMMENT = `INSERT INTO comment (id, incident_id, provider_id, sentinel_name, message, created_by)
  VALUES ($1, $2, $3, $4, $5, $6)`;

const ADD_CHANGE = `INSERT INTO status_change
  (id, incident_id, provider_id, requested, basis, created_by, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`;

const COMMENT = `SELECT c.id AS comment_id, i.number AS incident_number, p.name AS provider, c.message,
    CASE WHEN c.status = 'posting' THEN 'pending' ELSE c.status END AS status,
    c.sentinel_name, c.error, c.created_by, c.created_at, c.posted_at, ${positionColumn('c.created_at')}
  FROM comment AS c JOIN incident AS i ON i.id = c.incident_id JOIN siem_provider AS p ON p.id = c.provider_id`;

const COMMENTS = `${COMMENT} WHERE c.incident_id = $1
    AND ($2::timestamptz IS NULL OR (c.created_at, c.id) < ($2::timestamptz, $3))
  ORDER BY c.created_at DESC, c.id DESC LIMIT $4 OFFSET $5`;

const COUNT = `SELECT count(*) AS total FROM
  (SELECT FROM comment WHERE incident_id = $1 LIMIT ${TOTAL_MAX + 1}) AS counted`;

const CHANGE = `SELECT s.id AS change_id, i.number AS incident_number, p.name AS provider,
    CASE WHEN s.status = 'applying' THEN 'pending' ELSE s.status END AS status,
    s.requested, s.before, s.after, s.error, s.created_by, s.created_at, s.completed_at
  FROM status_change AS s JOIN incident AS i ON i.id = s.incident_id JOIN siem_provider AS p ON p.id = s.provider_id
  WHERE s.incident_id = $1 AND s.id = $2`;

const ListRow = CommentRow.extend({ position: z.string() });

async function listComments(db: Queryable, incidentId: string, page: CommentPage): Promise<CommentListing> {
  const { limit, offset, after } = page;
  const values = [incidentId, after?.time ?? null, after?.id ?? null, limit + 1, offset];
  const found = await rows(db, ListRow, { text: COMMENTS, values });
  const comments = found.slice(0, limit);
  const last = comments.at(-1);
  const next = last && found.length > limit ? { time: last.position, id: last.comment_id } : null;
  return { comments, next };
}

type Adders = Pick<IncidentWrites, 'target' | 'addComment' | 'addStatusChange'>;

const refValues = ({ number, providerIds }: IncidentRef): unknown[] => [number, providerIds ?? null];

const adders = (db: Queryable): Adders => ({
  target: async (ref) => {
    const [row] = await rows(db, TargetRow, { text: TARGET, values: refValues(ref) });
    return row;
  },
  addComment: async ({ id: incidentId, providerId }, { id, sentinelName, message, createdBy }) => {
    const values = [id, incidentId, providerId, sentinelName, message, createdBy];
    await run(db, { text: ADD_COMMENT, values });
  },
  addStatusChange: async ({ id: incidentId, providerId, raw }, { id, requested, createdBy, requestId }) => {
    const [request, basis] = [JSON.stringify(requested), JSON.stringify(raw)];
    const values = [id, incidentId, providerId, request, basis, createdBy, requestId];
    await run(db, { text: ADD_CHANGE, values });
  },
});

export const createIncidentWrites = (db: Queryable): IncidentWrites => ({
  ...adders(db),
  incidentId: async (ref) => {
    const [row] = await rows(db, z.object({ id: z.string() }), {
      text: `SELECT i.id ${OF_NUMBER}`,
      values: refValues(ref),
    });
    return row?.id;
  },
  comments: (incidentId, page) => listComments(db, incidentId, page),
  countComments: async (incidentId) => {
    const [row] = await rows(db, z.object({ total: z.int() }), { text: COUNT, values: [incidentId] });
    return row?.total ?? 0;
  },
  comment: async (incidentId, id) => {
    const text = `${COMMENT} WHERE c.incident_id = $1 AND c.id = $2`;
    const [row] = await rows(db, CommentRow, { text, values: [incidentId, id] });
    return row;
  },
  statusChange: async (incidentId, id) => {
    const [row] = await rows(db, StatusChangeRow, { text: CHANGE, values: [incidentId, id] });
    return row;
  },
});
