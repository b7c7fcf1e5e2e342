import { Enrichment, type EnrichmentRecord } from '@socmate/contracts';
import { z } from 'zod';
import { type Queryable, rows } from './pool.ts';

export interface EnrichmentJob {
  readonly id: string;
  readonly status: 'queued' | 'running';
}

export interface Enrichments {
  /**
   * Asks for a run, or joins the one that is queued or running; a forced one is joined by a forced one alone. Answers
   * the run that it has become.
   */
  request(incidentId: string, asked: { runId: string; isForced: boolean }): Promise<EnrichmentJob>;
  /** Undefined once the run has ended. */
  job(incidentId: string, runId: string): Promise<EnrichmentJob | undefined>;
  /** The last result. */
  latest(incidentId: string): Promise<EnrichmentRecord | undefined>;
}

const IS_IDLE = `e.status = 'idle'`;
const FOLLOWS = `e.status = 'running' AND excluded.forced AND NOT e.forced`;

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
  RETURNING status, run_id, CASE WHEN status = 'running' AND $3 AND NOT forced THEN next_run_id END AS next_run_id`;

const JobRow = z.object({
  status: z.enum(['queued', 'running']),
  run_id: z.string(),
  next_run_id: z.string().nullable(),
});

const JOB = `SELECT status, run_id, next_run_id FROM enrichment
  WHERE incident_id = $1 AND status <> 'idle' AND $2 IN (run_id, next_run_id)`;

const toJob = ({ status, run_id, next_run_id }: z.output<typeof JobRow>, runId?: string): EnrichmentJob =>
  next_run_id !== null && (runId ?? next_run_id) === next_run_id
    ? { id: next_run_id, status: 'queued' }
    : { id: run_id, status };

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
export const createEnrichments = (db: Queryable): Enrichments => ({
  request: async (incidentId, { runId, isForced }) => {
    const [row] = await rows(db, JobRow, { text: REQUEST, values: [incidentId, runId, isForced] });
    if (!row) throw new Error('a request for an enrichment answered no row');
    return toJob(row);
  },
  job: async (incidentId, runId) => {
    const [row] = await rows(db, JobRow, { name: 'enrichment-job', text: JOB, values: [incidentId, runId] });
    return row && toJob(row, runId);
  },
  latest: async (incidentId) => {
    const [row] = await rows(db, LatestRow, {
      name: 'latest-enrichment',
      text: LATEST,
      values: [incidentId],
    });
    return row;
  },
});
