import { changeIncident, postComment, type QueueDefinition, syncProvider } from '@socmate/contracts';
import {
  createAzureQuota,
  createCommentQueue,
  createStatusChangeQueue,
  type DueWrite,
  type Heartbeat,
  type Pool,
} from '@socmate/database';
import { type Consumer, startConsumer, startWakeUps } from '@socmate/queue';
import type { Clock, Ids, Lifecycle, Logger } from '@socmate/runtime';
import type { z } from 'zod';
import type { Config } from './config.ts';
import { startDueWrites } from './due-writes.ts';
import { createChangeIncidentJob } from './jobs/change-incident.ts';
import { createPostComment } from './jobs/post-comment.ts';
import type { SentinelClients } from './sentinel-clients.ts';
import { createChangeIncident } from './write-back-changes.ts';
import { createPostComments } from './write-back-comments.ts';
import { createWriteRunner, type WriteRunner } from './write-back-runner.ts';

/** Wake-ups; where those of a workspace that hangs take up all, the timer makes the writes of others. */
const CONCURRENCY = 16;

export interface WriteBackParts {
  readonly config: Config;
  readonly pool: Pool;
  readonly clients: SentinelClients;
  readonly log: Logger;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly owner: string;
  readonly heartbeat: Heartbeat;
}

interface Rows {
  due(limitEach: number): Promise<readonly DueWrite[]>;
  free(owner: string, key: string): Promise<void>;
}

interface Writes<S extends z.ZodType> {
  readonly queue: QueueDefinition<S>;
  readonly rows: Rows;
  readonly work: (key: string, signal: AbortSignal) => Promise<void>;
  readonly handle: (runner: WriteRunner) => (payload: z.output<S>) => Promise<void>;
}

function startWrites<S extends z.ZodType>(
  life: Lifecycle,
  parts: WriteBackParts,
  writes: Writes<S>,
): Consumer {
  const { config, log, owner, heartbeat } = parts;
  const { queue, rows, work, handle } = writes;
  const graceMs = config.SHUTDOWN_GRACE_MS;
  const runner = createWriteRunner({ heartbeat, work, free: (key) => rows.free(owner, key), graceMs });
  const options = {
    url: config.REDIS_URL,
    prefix: config.QUEUE_PREFIX,
    concurrency: CONCURRENCY,
    log,
    graceMs,
  };
  const consumer = life.use(queue.name, startConsumer(queue, options, handle(runner)), (one) => one.close());
  const due = (limitEach: number) => rows.due(limitEach);
  const timer = startDueWrites({ queue: queue.name, due, runner, log });
  life.use(`due ${queue.name}`, timer, (one) => one.close());
  life.use(`${queue.name} writes`, runner, (one) => one.close());
  return consumer;
}

function openSyncWakeUps(life: Lifecycle, { config, log }: WriteBackParts) {
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const wakeUps = life.use('changed workspaces', startWakeUps(syncProvider, connection, log), (one) =>
    one.close(),
  );
  return async (providerId: string): Promise<void> => void (await wakeUps.wake({ providerId }));
}

/** Writes comments and status changes back to Sentinel; answers the consumers of its queues. */
export function startWriteBack(life: Lifecycle, parts: WriteBackParts): Consumer[] {
  const { pool } = parts;
  const quota = createAzureQuota(pool, 'write');
  const comments = createCommentQueue(pool);
  const changes = createStatusChangeQueue(pool);
  const wakeSync = openSyncWakeUps(life, parts);
  return [
    startWrites(life, parts, {
      queue: postComment,
      rows: comments,
      work: createPostComments({ ...parts, quota, comments }),
      handle: (runner) => createPostComment({ runner }),
    }),
    startWrites(life, parts, {
      queue: changeIncident,
      rows: changes,
      work: createChangeIncident({ ...parts, quota, changes, wakeSync }),
      handle: (runner) => createChangeIncidentJob({ runner }),
    }),
  ];
}
