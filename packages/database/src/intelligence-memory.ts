import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';

const Row = z
  .object({
    provider: z.string(),
    entity_key: z.string(),
    answer: z.unknown(),
    fetched_at: z.date(),
    expires_at: z.date(),
  })
  .transform((row) => ({
    provider: row.provider,
    entityKey: row.entity_key,
    answer: row.answer,
    fetchedAt: row.fetched_at,
    expiresAt: row.expires_at,
  }));
type RememberedAnswer = z.output<typeof Row>;

/** The last answer of each provider about each entity. */
export interface IntelligenceMemory {
  load(entityKey: string): Promise<RememberedAnswer[]>;
  /** An older answer replaces no newer one. */
  save(answer: RememberedAnswer): Promise<void>;
  /** Deletes what has not been believed for so long. */
  forget(olderThanDays: number): Promise<number>;
}

const LOAD =
  'SELECT provider, entity_key, answer, fetched_at, expires_at FROM intelligence WHERE entity_key = $1';

const SAVE = `INSERT INTO intelligence AS i (provider, entity_key, answer, fetched_at, expires_at)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (entity_key, provider) DO UPDATE
  SET answer = excluded.answer, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at
  WHERE i.fetched_at <= excluded.fetched_at`;

const FORGET = `DELETE FROM intelligence WHERE ctid = ANY (ARRAY (
    SELECT ctid FROM intelligence WHERE expires_at < now() - make_interval(days => $1) LIMIT 1000))`;

export const createIntelligenceMemory = (db: Queryable): IntelligenceMemory => ({
  load: (entityKey) => rows(db, Row, { name: 'load-intelligence', text: LOAD, values: [entityKey] }),
  save: async ({ provider, entityKey, answer, fetchedAt, expiresAt }) => {
    const values = [provider, entityKey, JSON.stringify(answer), fetchedAt, expiresAt];
    await run(db, { name: 'save-intelligence', text: SAVE, values });
  },
  forget: (olderThanDays) => run(db, { text: FORGET, values: [olderThanDays] }),
});
