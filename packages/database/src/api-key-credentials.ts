import { Scope } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

const Credential = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(Scope),
  providers: z.array(z.string()),
  secretHash: z.string(),
  isBootstrap: z.boolean(),
  rateLimitPerMinute: z.int(),
  expiresAt: z.date().nullable(),
  disabledAt: z.date().nullable(),
});
export type ApiKeyCredential = z.output<typeof Credential>;

export interface ApiKeyUse {
  readonly id: string;
  readonly lastUsedAt: Date;
  readonly lastUsedIp: string;
  readonly requests: number;
}

const BY_KEY_ID = `SELECT id, name, scopes, providers, secret_hash AS "secretHash", is_bootstrap AS "isBootstrap",
    rate_limit_per_minute AS "rateLimitPerMinute", expires_at AS "expiresAt", disabled_at AS "disabledAt"
  FROM api_key WHERE key_id = $1 AND deleted_at IS NULL`;

// One order of the rows' locks, so that replicas flushing the same keys cannot wait for each other in a ring.
const RECORD_USE = `WITH used AS (
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::bigint[]) AS u (id, at, ip, requests)
  ), held AS (
    SELECT k.id FROM api_key AS k JOIN used USING (id) ORDER BY k.id FOR UPDATE OF k
  ), touched AS (
    UPDATE api_key AS k SET last_used_at = GREATEST(k.last_used_at, u.at),
      last_used_ip = CASE WHEN k.last_used_at > u.at THEN k.last_used_ip ELSE u.ip END
    FROM used AS u JOIN held USING (id) WHERE k.id = u.id
    RETURNING k.id, u.at, u.requests
  )
  INSERT INTO api_key_usage (api_key_id, hour, requests)
  SELECT id, date_trunc('hour', at, 'UTC'), requests FROM touched
  ON CONFLICT (api_key_id, hour) DO UPDATE SET requests = api_key_usage.requests + excluded.requests`;

const FORGET_OLD_USE = `DELETE FROM api_key_usage WHERE hour < now() - interval '48 hours'`;

export interface ApiKeyCredentials {
  /** Deleted keys are not found. */
  byKeyId(keyId: string): Promise<ApiKeyCredential | undefined>;
  /** One statement for all; uses of keys that are gone are dropped. */
  recordUse(uses: readonly ApiKeyUse[]): Promise<void>;
  /** Drops hourly counts that nothing shows any more. */
  forgetOldUse(): Promise<number>;
}

export const createApiKeyCredentials = (db: Queryable): ApiKeyCredentials => ({
  byKeyId: async (keyId) => {
    const found = await rows(db, Credential, { name: 'api-key', text: BY_KEY_ID, values: [keyId] });
    return found[0];
  },
  recordUse: async (uses) => {
    const values = [
      uses.map(({ id }) => id),
      uses.map(({ lastUsedAt }) => lastUsedAt),
      uses.map(({ lastUsedIp }) => lastUsedIp),
      uses.map(({ requests }) => requests),
    ];
    await run(db, { name: 'api-key-use', text: RECORD_USE, values });
  },
  forgetOldUse: () => run(db, { text: FORGET_OLD_USE }),
});
