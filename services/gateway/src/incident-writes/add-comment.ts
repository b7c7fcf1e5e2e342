import { COMMENTS_MAX, type CommentAccepted, type CommentCreate } from '@socmate/contracts';
import {
  appendAudit,
  createIncidentWrites,
  type IncidentRef,
  type Pool,
  transaction,
} from '@socmate/database';
import { AppError, type Clock, type Ids } from '@socmate/runtime';
import { type Acting, auditEntry } from '../audit-entry.ts';
import { commentName } from './comment-name.ts';
import { writeTarget } from './write-target.ts';

export interface AddCommentDeps {
  readonly pool: Pool;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Wakes the posting of an incident's comments; never rejects. */
  readonly wake: (incidentId: string) => Promise<void>;
}

export type AddComment = (ref: IncidentRef, input: CommentCreate, acting: Acting) => Promise<CommentAccepted>;

/** Stores a comment to be posted and tells the audit log, both or neither; then wakes who posts it. */
export const createAddComment =
  ({ pool, ids, clock, wake }: AddCommentDeps): AddComment =>
  async (ref, { message }, acting) => {
    const id = ids.next('cmt');
    const incidentId = await transaction(pool, async (db) => {
      const target = await writeTarget(db, ref);
      if (target.comments >= COMMENTS_MAX) {
        const most = `incident ${ref.number} has ${COMMENTS_MAX} comments, the most that Sentinel takes`;
        throw new AppError('conflict', `${most}: delete one there first`);
      }
      const comment = { id, sentinelName: commentName(id), message, createdBy: acting.principal.id };
      await createIncidentWrites(db).addComment(target, comment);
      const after = { incident_id: target.id, number: target.number, provider: target.provider, message };
      const entry = auditEntry(ids, acting, { action: 'comment.requested', target: id, after });
      await appendAudit(db, entry, clock.now());
      return target.id;
    });
    await wake(incidentId);
    return { comment_id: id, status: 'pending' };
  };
