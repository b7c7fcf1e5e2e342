import { z } from 'zod';
import { type Queryable, rows, run } from './pool.ts';
import { ownerIsDead } from './worker-leases.ts';

const MAX_TRIES = 5;
const FIRST_RETRY_S = 5;

const ClaimRow = z
  .object({
    incident_id: z.string(),
    run_id: z.string(),
    forced: z.boolean(),
    tries: z.int(),
    is_recheck: z.boolean(),
    is_asked: z.boolean(),
  })
  .transform((row) => ({
    incidentId: row.incident_id,
    runId: row.run_id,
    isForced: row.forced,
    tries: row.tries,
    isRecheck: row.is_recheck,
    /** Somebody may be waiting. */
    isAsked: row.is_asked,
  }));
/** A run that this worker is to make; another takes it over when it dies. */
export type EnrichmentClaim = z.output<typeof ClaimRow>;

export interface DueEnrichment {
  readonly incidentId: string;
  readonly lagMs: number;
}

export interface EnrichmentRuns {
  /** What is due, or was left by an owner that died; what became due last comes first. */
  due(limit: number): Promise<DueEnrichment[]>;
  /** `runId` is taken where nobody asked for the run. */
  claim(owner: string, incidentId: string, runId: string): Promise<EnrichmentClaim | undefined>;
  /** Has the incident's entities read from Sentinel again, where it showed none so far. */
  askAgain(incidentId: string): Promise<void>;
  /** From now on changes of what it reads make the run stale. */
  begin(owner: string, claim: EnrichmentClaim): Promise<void>;
  /** Tried again later, but not for ever. */
  fail(owner: string, claim: EnrichmentClaim, error: { code: string; message: string }): Promise<void>;
  /** Gives the run back as it was. */
  release(owner: string, incidentId: string): Promise<void>;
}

const IS_DUE = `due_at <= now() AND (status <> 'running' OR ${ownerIsDead('enrichment.lease_owner')})`;

const DUE = `SELECT incident_id, (extract(epoch FROM now() - due_at) * 1000)::float8 AS lag_ms
  FROM enrichment WHERE ${IS_DUE} ORDER BY due_at DESC LIMIT $1`;

const DueRow = z
  .object({ incident_id: z.string(), lag_ms: z.number() })
  .transform((row): DueEnrichment => ({ incidentId: row.incident_id, lagMs: row.lag_ms }));

const CLAIM = `UPDATE enrichment SET status = 'running', lease_owner = $1, started_at = now(), due_at = now(),
    tries = tries + 1, run_id = CASE WHEN status = 'idle' THEN $3 ELSE run_id END,
    forced = forced AND status <> 'idle', is_stale = false
  WHERE incident_id = $2 AND ${IS_DUE} AND (status <> 'running' OR tries < ${MAX_TRIES}) RETURNING incident_id, run_id, forced, tries, rechecks > 0 AS is_recheck,
    coalesce(requested_at > now() - interval '1 minute', false) AS is_asked`;

// What fells one worker after the other is left alone, as what fails is.
const END_LOST = `UPDATE enrichment SET status = CASE WHEN next_run_id IS NULL THEN 'idle' ELSE 'queued' END,
    run_id = coalesce(next_run_id, run_id), forced = next_run_id IS NOT NULL, next_run_id = NULL, lease_owner = NULL, tries = 0,
    due_at = CASE WHEN next_run_id IS NOT NULL THEN now() END,
    error = '{"code": "worker_lost", "message": "its workers died, one after the other"}'
  WHERE status = 'running' AND tries >= ${MAX_TRIES} AND due_at <= now() AND ${ownerIsDead('enrichment.lease_owner')}`;

// Not in the claim's own statement: whoever holds an enrichment must not wait for an incident.
const ASK_AGAIN = `UPDATE incident SET details_due_at = least(details_due_at, now())
  WHERE id = $1 AND (details_synced_at IS NULL OR entities = '[]')`;

/** The row of a run that is still this worker's: `$1` to `$3`. */
export const OWN_RUN = `incident_id = $2 AND lease_owner = $1 AND run_id = $3`;

const FAIL = `UPDATE enrichment SET lease_owner = NULL, error = $4,
    status = CASE WHEN tries < ${MAX_TRIES} OR next_run_id IS NOT NULL OR is_stale THEN 'queued' ELSE 'idle' END,
    due_at = CASE WHEN tries < ${MAX_TRIES} THEN now() + make_interval(secs => ${FIRST_RETRY_S} * 2 ^ (tries - 1))
      WHEN next_run_id IS NOT NULL OR is_stale THEN now() + make_interval(secs => ${FIRST_RETRY_S}) END,
    run_id = CASE WHEN tries < ${MAX_TRIES} THEN run_id ELSE coalesce(next_run_id, run_id) END,
    forced = CASE WHEN tries < ${MAX_TRIES} THEN forced ELSE next_run_id IS NOT NULL END,
    next_run_id = CASE WHEN tries < ${MAX_TRIES} THEN next_run_id END,
    tries = CASE WHEN tries < ${MAX_TRIES} THEN tries ELSE 0 END
  WHERE ${OWN_RUN}`;

const RELEASE = `UPDATE enrichment SET lease_owner = NULL, status = 'queued', due_at = now(), tries = tries - 1
  WHERE incident_id = $2 AND lease_owner = $1`;

export const ownRun = (owner: string, { incidentId, runId }: EnrichmentClaim): string[] => [
  owner,
  incidentId,
  runId,
];

export const createEnrichmentRuns = (db: Queryable): EnrichmentRuns => ({
  due: async (limit) => {
    await run(db, { name: 'end-lost-enrichments', text: END_LOST });
    return rows(db, DueRow, { name: 'due-enrichments', text: DUE, values: [limit] });
  },
  claim: async (owner, incidentId, runId) => {
    const values = [owner, incidentId, runId];
    const [row] = await rows(db, ClaimRow, { name: 'claim-enrichment', text: CLAIM, values });
    return row;
  },
  askAgain: async (incidentId) => {
    await run(db, { text: ASK_AGAIN, values: [incidentId] });
  },
  begin: async (owner, claim) => {
    const text = `UPDATE enrichment SET is_stale = false WHERE ${OWN_RUN}`;
    await run(db, { name: 'begin-enrichment', text, values: ownRun(owner, claim) });
  },
  fail: async (owner, claim, error) => {
    await run(db, { text: FAIL, values: [...ownRun(owner, claim), JSON.stringify(error)] });
  },
  release: async (owner, incidentId) => {
    await run(db, { text: RELEASE, values: [owner, incidentId] });
  },
});
