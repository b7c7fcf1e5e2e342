import { type Enrichment, Priority } from '@socmate/contracts';
import { z } from 'zod';
import { type EnrichmentClaim, OWN_RUN, ownRun } from './enrichment-runs.ts';
import { entityChange, tellGraph } from './graph-outbox.ts';
import { type Pool, type Queryable, rows, run, transaction } from './pool.ts';

/** What a provider would not or could not answer is asked again after 1, 2, 4 … 32 minutes. */
const GAPS_MAX = 6;
/** An incident for which Sentinel showed no entities is done again 1, 5 and 15 minutes after: each waits since the last. */
const RECHECKS_MIN = '{1,4,10}';

export interface EntityVerdict {
  readonly id: number;
  readonly key: string;
  readonly verdict: string;
  readonly risk: number;
}

export interface EnrichmentOutcome {
  readonly result: Enrichment;
  readonly priority: Priority;
  readonly verdicts: readonly EntityVerdict[];
  /** Of what the incident names beside those that were judged. */
  readonly otherKeys: readonly string[];
  /** Whether it is to be done again a few times. */
  readonly lacksEntities: boolean;
}

/** What of a run's end is the caller's to do. */
export interface EnrichmentEnding {
  readonly owner: string;
  readonly claim: EnrichmentClaim;
  /** In the same transaction, where the priority changed; answers the endpoints to wake. */
  readonly announce: (db: Queryable, change: PriorityChange) => Promise<readonly string[]>;
}

export interface PriorityChange {
  readonly before: Priority | null;
  readonly after: Priority;
}

// An entity that went into another meanwhile is found by its key. In the order in which readings take them. What is not
// known any better is left as it is known.
const VERDICTS = `WITH given AS MATERIALIZED (
    SELECT e.id, g.verdict, g.risk FROM (
      SELECT DISTINCT ON (id) id, verdict, risk FROM (
        SELECT coalesce(e.id, a.entity_id) AS id, g.verdict, g.risk
        FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::text[]) AS g (id, verdict, risk, key)
        LEFT JOIN entity AS e ON e.id = g.id
        LEFT JOIN entity_alias AS a ON e.id IS NULL AND a.alias = g.key AND a.is_strong) AS found
      WHERE id IS NOT NULL ORDER BY id, risk DESC) AS g
    JOIN entity AS e ON e.id = g.id
    WHERE (e.verdict, e.risk) IS DISTINCT FROM (g.verdict, g.risk)
      AND (g.verdict <> 'unknown' OR coalesce(e.verdict, 'unknown') = 'unknown')
    ORDER BY e.id FOR NO KEY UPDATE OF e)
  UPDATE entity SET verdict = given.verdict, risk = given.risk FROM given WHERE entity.id = given.id
  RETURNING entity.id`;

const FINISH = `UPDATE enrichment SET status = CASE WHEN next_run_id IS NULL THEN 'idle' ELSE 'queued' END,
    run_id = coalesce(next_run_id, run_id), forced = forced OR next_run_id IS NOT NULL, next_run_id = NULL, lease_owner = NULL,
    error = NULL, tries = 0, version = version + 1, result = $4, result_run_id = run_id, verdicts = $5,
    completed_at = now(), is_stale = false,
    due_at = CASE WHEN next_run_id IS NOT NULL OR is_stale THEN now()
      WHEN $6 THEN now() + make_interval(mins => ('${RECHECKS_MIN}'::integer[])[rechecks + 1])
      WHEN $7 AND rechecks < ${GAPS_MAX} THEN now() + make_interval(mins => (2 ^ rechecks)::integer) END,
    rechecks = CASE WHEN $6 OR $7 THEN rechecks + 1 ELSE 0 END
  WHERE ${OWN_RUN}`;

const PRIORITY = `WITH was AS (SELECT id, priority FROM incident WHERE id = $1 FOR NO KEY UPDATE)
  UPDATE incident AS i SET priority = $2, change_seq = pg_current_xact_id()
  FROM was WHERE i.id = was.id AND was.priority IS DISTINCT FROM $2 RETURNING was.priority`;

/** The run is another's by now: nothing of it is stored. */
class Lost extends Error {}

async function storeVerdicts(db: Queryable, verdicts: readonly EntityVerdict[]): Promise<number[]> {
  const values = [
    verdicts.map(({ id }) => id),
    verdicts.map(({ verdict }) => verdict),
    verdicts.map(({ risk }) => risk),
    verdicts.map(({ key }) => key),
  ];
  const Row = z.object({ id: z.int() });
  const changed = await rows(db, Row, { name: 'entity-verdicts', text: VERDICTS, values });
  return changed.map(({ id }) => id);
}

async function finish(
  db: Queryable,
  { owner, claim, announce }: EnrichmentEnding,
  { result, priority, verdicts, otherKeys, lacksEntities }: EnrichmentOutcome,
): Promise<readonly string[]> {
  const changed = await storeVerdicts(db, verdicts);
  const Row = z.object({ priority: Priority.nullable() });
  const [was] = await rows(db, Row, { text: PRIORITY, values: [claim.incidentId, priority] });
  const others = otherKeys.map((key) => [key, 'unknown'] as const);
  const byKey = Object.fromEntries([
    ...others,
    ...verdicts.map(({ key, verdict }) => [key, verdict] as const),
  ]);
  const hasGaps = Object.values(result.providers).some(({ failed, limited }) => failed + limited > 0);
  const stored = [JSON.stringify(result), JSON.stringify(byKey), lacksEntities, hasGaps];
  const values = [...ownRun(owner, claim), ...stored];
  if ((await run(db, { name: 'finish-enrichment', text: FINISH, values })) === 0) throw new Lost();
  await tellGraph(db, changed.map(entityChange));
  return was ? announce(db, { before: was.priority, after: priority }) : [];
}

/**
 * Stores a result with all that follows from it, in one transaction. Answers the endpoints to wake, undefined where
 * the run was lost: then nothing is stored.
 */
export async function finishEnrichment(
  pool: Pool,
  ending: EnrichmentEnding,
  outcome: EnrichmentOutcome,
): Promise<readonly string[] | undefined> {
  try {
    return await transaction(pool, (db) => finish(db, ending, outcome));
  } catch (fault) {
    if (fault instanceof Lost) return undefined;
    throw fault;
  }
}
