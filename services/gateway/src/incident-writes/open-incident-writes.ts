import { changeIncident, postComment } from '@socmate/contracts';
import { createIncidentWrites, type IncidentWrites } from '@socmate/database';
import { startWakeUps } from '@socmate/queue';
import type { DomainBase } from '../domain-deps.ts';
import { type AddComment, createAddComment } from './add-comment.ts';
import { type ChangeStatus, createChangeStatus } from './change-status.ts';

/** What the routes ask for that write to Sentinel. */
export interface IncidentWriteDeps {
  readonly incidentWrites: IncidentWrites;
  readonly addComment: AddComment;
  readonly changeStatus: ChangeStatus;
}

export function openIncidentWrites(base: DomainBase): IncidentWriteDeps {
  const { life, config, log, pool } = base;
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const comments = life.use('post-comment', startWakeUps(postComment, connection, log), (one) => one.close());
  const changes = life.use('change-incident', startWakeUps(changeIncident, connection, log), (one) =>
    one.close(),
  );
  return {
    incidentWrites: createIncidentWrites(pool),
    addComment: createAddComment({
      ...base,
      wake: async (incidentId) => void (await comments.wake({ incidentId })),
    }),
    changeStatus: createChangeStatus({
      ...base,
      wake: async (changeId) => void (await changes.wake({ changeId })),
    }),
  };
}
