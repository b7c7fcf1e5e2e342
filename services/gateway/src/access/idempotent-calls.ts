import { sealContext } from '@socmate/contracts';
import type { Sealer } from '@socmate/crypto';
import type { Claimed, IdempotencyKeys, IdempotentCall } from '@socmate/database';
import type { Answer, Gate } from '@socmate/http';
import { AppError, type Logger } from '@socmate/runtime';
import { z } from 'zod';

const StoredAnswer = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
});

export interface IdempotentCallsDeps {
  readonly idempotencyKeys: IdempotencyKeys;
  readonly sealer: Sealer;
  readonly log: Logger;
}

const RUNNING_RETRY_AFTER_S = 2;

const contextOf = ({ principal, key }: IdempotentCall): string =>
  sealContext.idempotentAnswer(principal, key);

function repeated(
  call: IdempotentCall,
  claimed: Exclude<Claimed, { kind: 'claimed' }>,
  sealer: Sealer,
): Answer {
  if (claimed.requestHash !== call.requestHash) {
    throw new AppError('conflict', 'this Idempotency-Key was used for another request');
  }
  if (claimed.kind === 'running') {
    const message = 'the first request with this Idempotency-Key is still running; repeat it in a moment';
    throw new AppError('conflict', message, { retryAfterS: RUNNING_RETRY_AFTER_S });
  }
  const { body, ...answer } = StoredAnswer.parse(
    JSON.parse(sealer.open(claimed.responseSealed, contextOf(call))),
  );
  return { ...answer, body, headers: { ...answer.headers, 'idempotent-replayed': 'true' } };
}

/**
 * Runs a call once per key and principal. The answer is sealed, for it may hold a secret.
 * A call that fails frees its key; one that was cut off frees it after two minutes.
 */
export function createIdempotentCalls({ idempotencyKeys, sealer, log }: IdempotentCallsDeps): Gate['once'] {
  return async ({ principal, key, requestHash }, run) => {
    const call = { principal: principal.id, key, requestHash };
    const claimed = await idempotencyKeys.claim(call);
    if (claimed.kind !== 'claimed') return repeated(call, claimed, sealer);
    const answer = await run().catch(async (fault: unknown) => {
      await idempotencyKeys.free(call, claimed.claim).catch((err: unknown) => {
        log.warn({ err, principal: principal.id }, 'idempotency key not freed');
      });
      throw fault;
    });
    const stored = {
      status: answer.status,
      responseSealed: sealer.seal(JSON.stringify(answer), contextOf(call)),
    };
    // What was asked for is done: it is answered even where the repetition cannot be provided for.
    await idempotencyKeys.settle(call, claimed.claim, stored).catch((err: unknown) => {
      log.warn({ err, principal: principal.id }, 'idempotent answer not kept');
    });
    return answer;
  };
}
