import { Enrichment, type EnrichmentRecord } from '@socmate/contracts';
import { z } from 'zod';
import { type Pool, type Queryable, rows, transaction } from './pool.ts';

export interface EnrichmentJob {
  readonly id: string;
  /** `completed`: it was under way when the call arrived, and is over. */
  readonly status: 'queued' | 'running' | 'completed';
  /** Of the last result when it was asked for. */
  readonly version: number;
}

interface EnrichmentWish {
  /** Of the run, where it becomes one of its own. */
  readonly runId: string;
  readonly isForced: boolean;
  /** How long ago the call arrived. */
  elapsedMs(): number;
}

export interface Enrichments {
  /**
   * Asks for a run, or joins the one that is queued or running, or that was when the call arrived; a forced one is joined
   * by a forced one alone. Answers the run that it has become.
   */
  request(incidentId: string, wish: EnrichmentWish): Promise<EnrichmentJob>;
  /** Undefined once the run has ended. */
  job(incidentId: string, runId: string): Promise<EnrichmentJob | undefined>;
  /** The last result. */
  latest(incidentId: string): Promise<EnrichmentRecord | undefined>;
}

const IS_IDLE = `e.status = 'idle'`;
const FOLLOWS = `e.status = 'running' AND excluded.forced AND NOT e.forced`;
const IS_FRESH = `${IS_IDLE} AND e.result_run_id = e.run_id AND (e.forced OR NOT excluded.forced)
    AND e.completed_at >= statement_timestamp() - make_interval(secs => $4::float8 / 1000)`;

const REQUEST = `INSERT INTO enrichment AS e (incident_id, status, run_id, forced, requested_at, due_at)
  VALUES ($1, 'queued', $2, $3, now(), now())
  ON CONFLICT (incident_id) DO UPDATE SET
    status = CASE WHEN ${IS_IDLE} THEN 'queued' ELSE e.status END,
    run_id = CASE WHEN ${IS_IDLE} THEN excluded.run_id ELSE e.run_id END,
    next_run_id = CASE WHEN ${FOLLOWS} THEN coalesce(e.next_run_id, excluded.run_id) ELSE e.next_run_id END,
    forced = CASE WHEN ${IS_IDLE} THEN excluded.forced WHEN e.status = 'queued' THEN e.forced OR excluded.forced
      ELSE e.forced END,
    requested_at = now(),
    tries = CASE WHEN e.status = 'running' THEN e.tries ELSE 0 END,
    due_at = CASE WHEN e.status = 'running' THEN e.due_at ELSE least(e.due_at, now()) END
  WHERE NOT coalesce(${IS_FRESH}, false)
  RETURNING status, version, run_id, CASE WHEN status = 'running' AND $3 AND NOT forced THEN next_run_id END AS next_run_id`;

const COLUMNS = 'status, version, run_id, next_run_id';
const ONE = `SELECT ${COLUMNS} FROM enrichment WHERE incident_id = $1`;
const JOB = `${ONE} AND status <> 'idle' AND $2 IN (run_id, next_run_id)`;

const JobRow = z.object({
  status: z
    .enum(['idle', 'queued', 'running'])
    .transform((status) => (status === 'idle' ? 'completed' : status)),
  version: z.int(),
  run_id: z.string(),
  next_run_id: z.string().nullable(),
});

const toJob = (row: z.output<typeof JobRow>, runId?: string): EnrichmentJob => {
  const { status, version, run_id, next_run_id } = row;
  return next_run_id !== null && (runId ?? next_run_id) === next_run_id
    ? { id: next_run_id, status: 'queued', version }
    : { id: run_id, status, version };
};

async function request(db: Queryable, incidentId: string, wish: EnrichmentWish): Promise<EnrichmentJob> {
  const values = [incidentId, wish.runId, wish.isForced, wish.elapsedMs()];
  const [asked] = await rows(db, JobRow, { name: 'request-enrichment', text: REQUEST, values });
  const [row] = asked ? [asked] : await rows(db, JobRow, { text: ONE, values: [incidentId] });
  if (!row) throw new Error('a request for an enrichment answered no row');
  return toJob(row);
}

const LATEST = `SELECT result, result_run_id AS job_id, version, completed_at AS enriched_at FROM enrichment
  WHERE incident_id = $1 AND result IS NOT NULL`;

const LatestRow = z
  .object({
    result: Enrichment,
    job_id: z.string(),
    version: z.int(),
    enriched_at: z.date().transform((date) => date.toISOString()),
  })
  .transform(({ result, ...row }): EnrichmentRecord => ({ ...result, ...row }));

/** Enrichments as those see them who ask for them. */
export const createEnrichments = (pool: Pool): Enrichments => ({
  // What waits for a connection has arrived already: only then is it said how long ago.
  request: (incidentId, wish) => transaction(pool, (db) => request(db, incidentId, wish)),
  job: async (incidentId, runId) => {
    const [row] = await rows(pool, JobRow, {
      name: 'enrichment-job',
      text: JOB,
      values: [incidentId, runId],
    });
    return row && toJob(row, runId);
  },
  latest: async (incidentId) => {
    const [row] = await rows(pool, LatestRow, {
      name: 'latest-enrichment',
      text: LATEST,
      values: [incidentId],
    });
    return row;
  },
});
