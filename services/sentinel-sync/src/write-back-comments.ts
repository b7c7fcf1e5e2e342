import { commentMarker } from '@socmate/contracts';
import {
  type CommentClaim,
  type CommentQueue,
  type Pool,
  type WriteError,
  writeWorkspace,
} from '@socmate/database';
import {
  type Destination,
  DISCONNECTED,
  givenUp,
  judgeWrite,
  takeWrite,
  type Wait,
  type WriteBackDeps,
} from './write-back-attempt.ts';
import { commentFailed, commentPosted, writeWaits } from './write-back-events.ts';
import { writeError } from './write-back-fault.ts';

const BATCH = 20;

export interface PostCommentsDeps extends WriteBackDeps {
  readonly pool: Pool;
  readonly comments: CommentQueue;
}

type Outcome = 'posted' | { readonly failed: NonNullable<CommentClaim['error']> } | { readonly wait: Wait };

const BUSY: WriteError = {
  code: 'unavailable',
  message: 'Azure was changing the incident at the same time, and took no comment',
};

interface Attempt {
  readonly deps: PostCommentsDeps;
  readonly destination: Destination;
  readonly claim: CommentClaim;
  readonly signal: AbortSignal;
}

const textOf = ({ id, message }: CommentClaim): string => `${message}\n\n${commentMarker(id)}`;

/** Before a second write: whether the first one arrived, or how to wait until that is known. */
async function askAzure({
  destination,
  claim,
  signal,
}: Attempt): Promise<'there' | 'absent' | { wait: Wait }> {
  try {
    const found = await destination.client.comment(claim.incident_name, claim.sentinel_name, signal);
    return found ? 'there' : 'absent';
  } catch (fault) {
    const delayS = signal.aborted ? 0 : undefined;
    return { wait: { isUncertain: claim.is_uncertain, error: writeError(fault), delayS } };
  }
}

async function write(attempt: Attempt): Promise<Outcome> {
  const { deps, destination, claim, signal } = attempt;
  try {
    await destination.client.putComment(claim.incident_name, claim.sentinel_name, textOf(claim), signal);
    return 'posted';
  } catch (fault) {
    if (signal.aborted) return { wait: { isUncertain: true, error: null, delayS: 0 } };
    const { verdict, wait } = await judgeWrite(deps, attempt, fault);
    if (wait) return { wait };
    // No etag is sent with a comment: what got in its way passes.
    if (verdict.kind === 'changed') return { wait: { isUncertain: claim.is_uncertain, error: BUSY } };
    return { failed: verdict.kind === 'refused' ? verdict.error : writeError(fault) };
  }
}

async function post(attempt: Attempt): Promise<Outcome | undefined> {
  const { deps, destination, claim } = attempt;
  if (claim.is_uncertain || claim.attempts > 0) {
    const answer = await askAzure(attempt);
    if (answer === 'there') return 'posted';
    if (answer !== 'absent') return answer;
  }
  const reason = destination.isConnected ? givenUp(claim) : DISCONNECTED;
  if (reason) return { failed: reason };
  const wait = await takeWrite(deps, attempt);
  if (wait) return { wait };
  if (!deps.heartbeat.isAlive() || !(await deps.comments.begin(deps.owner, claim.id))) return undefined;
  return write(attempt);
}

async function settle({ comments, owner, log }: PostCommentsDeps, claim: CommentClaim, outcome: Outcome) {
  if (outcome !== 'posted' && 'wait' in outcome) {
    writeWaits(log, claim, outcome.wait.error);
    return comments.wait(owner, claim.id, outcome.wait);
  }
  const error = outcome === 'posted' ? null : outcome.failed;
  if (!(await comments.end(owner, claim.id, { error }))) return;
  if (error) commentFailed(log, claim, error);
  else commentPosted(log, claim);
}

/**
 * Posts the comments of an incident that are due, each at most once: its row says `posting` before Azure is asked, and
 * whoever finds it so asks Azure for the comment before writing it again.
 */
export const createPostComments =
  (deps: PostCommentsDeps) =>
  async (incidentId: string, signal: AbortSignal): Promise<void> => {
    const { comments, owner, clients, pool } = deps;
    const claims = await comments.claim(owner, incidentId, BATCH);
    if (claims.length === 0) return;
    for (const claim of claims) {
      if (signal.aborted) break;
      // Read for each: the one before may have ended the sign-in, and an administrator the connection.
      const workspace = await writeWorkspace(pool, claim.provider_id);
      const destination = { ...workspace, client: clients.of(workspace.connection) };
      const outcome = await post({ deps, destination, claim, signal });
      if (outcome) await settle(deps, claim, outcome);
    }
    await comments.free(owner, incidentId);
  };
