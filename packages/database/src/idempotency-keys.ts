import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

/** A call that has not answered by then was cut off, and its key is free again. */
const RUNNING_CALL_MAX_S = 120;

const KEEP_HOURS = 24;

const Stored = z.object({
  requestHash: z.string(),
  status: z.int().nullable(),
  responseSealed: z.string().nullable(),
});

const CLAIM = `INSERT INTO idempotency_key AS k (principal, key, request_hash, expires_at)
  VALUES ($1, $2, $3, now() + interval '${KEEP_HOURS} hours')
  ON CONFLICT (principal, key) DO UPDATE SET request_hash = excluded.request_hash, status = NULL,
    response_sealed = NULL, created_at = now(), expires_at = excluded.expires_at
  WHERE k.expires_at <= now()
    OR (k.status IS NULL AND k.created_at <= now() - interval '${RUNNING_CALL_MAX_S} seconds')
  RETURNING created_at::text AS claim`;

const FIND = `SELECT request_hash AS "requestHash", status, response_sealed AS "responseSealed"
  FROM idempotency_key WHERE principal = $1 AND key = $2`;

// A claim is known by its own time: one that was taken over can no longer settle or free the key.
const OWN = `principal = $1 AND key = $2 AND status IS NULL AND created_at = $3::timestamptz`;
const SETTLE = `UPDATE idempotency_key SET status = $4, response_sealed = $5 WHERE ${OWN}`;
const FREE = `DELETE FROM idempotency_key WHERE ${OWN}`;

export interface IdempotentCall {
  readonly principal: string;
  readonly key: string;
  readonly requestHash: string;
}

export type Claimed =
  | { readonly kind: 'claimed'; readonly claim: string }
  | { readonly kind: 'running'; readonly requestHash: string }
  | {
      readonly kind: 'answered';
      readonly requestHash: string;
      readonly status: number;
      readonly responseSealed: string;
    };

/** The `Idempotency-Key`s of a day: one caller runs, later ones see that it does or what it answered. */
export interface IdempotencyKeys {
  claim(call: IdempotentCall): Promise<Claimed>;
  settle(
    call: IdempotentCall,
    claim: string,
    answer: { status: number; responseSealed: string },
  ): Promise<void>;
  /** After a call that changed nothing: the key may be used again. */
  free(call: IdempotentCall, claim: string): Promise<void>;
  sweep(): Promise<number>;
}

async function claimOrFind(db: Queryable, call: IdempotentCall): Promise<Claimed | undefined> {
  const own = [call.principal, call.key];
  const values = [...own, call.requestHash];
  const [claimed] = await rows(db, z.object({ claim: z.string() }), {
    name: 'idempotency-claim',
    text: CLAIM,
    values,
  });
  if (claimed) return { kind: 'claimed', claim: claimed.claim };
  const [found] = await rows(db, Stored, { name: 'idempotency-find', text: FIND, values: own });
  if (!found) return undefined;
  const { requestHash, status, responseSealed } = found;
  if (status === null || responseSealed === null) return { kind: 'running', requestHash };
  return { kind: 'answered', requestHash, status, responseSealed };
}

export const createIdempotencyKeys = (db: Queryable): IdempotencyKeys => ({
  claim: async (call) => {
    const first = await claimOrFind(db, call);
    // Freed between the two statements: it is there to be claimed, or another caller has it now.
    return first ?? (await claimOrFind(db, call)) ?? { kind: 'running', requestHash: call.requestHash };
  },
  settle: async ({ principal, key }, claim, { status, responseSealed }) => {
    await run(db, { text: SETTLE, values: [principal, key, claim, status, responseSealed] });
  },
  free: async ({ principal, key }, claim) => {
    await run(db, { text: FREE, values: [principal, key, claim] });
  },
  sweep: () => run(db, { text: 'DELETE FROM idempotency_key WHERE expires_at <= now()' }),
});
