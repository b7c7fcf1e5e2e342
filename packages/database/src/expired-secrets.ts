import { type Queryable, run } from './pool.ts';

// Senders go by their own clocks.
const FORGET = `UPDATE webhook_endpoint SET previous_secret_sealed = NULL, previous_secret_expires_at = NULL
  WHERE previous_secret_expires_at < now() - interval '1 hour'`;

/** Forgets secrets that were replaced and sign nothing any more; answers how many. */
export const forgetExpiredSecrets = (db: Queryable): Promise<number> => run(db, { text: FORGET });
