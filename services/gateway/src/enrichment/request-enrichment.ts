import type { EnrichmentRecord } from '@socmate/contracts';
import type { EnrichmentJob, Enrichments } from '@socmate/database';
import type { RequestInfo } from '@socmate/http';
import type { Ids } from '@socmate/runtime';
import { createOutcomeWaits } from '../incident-writes/outcome-waits.ts';

export interface RequestEnrichmentDeps {
  readonly enrichments: Enrichments;
  readonly ids: Ids;
  /** Wakes the run; never rejects. */
  readonly wake: (incidentId: string) => Promise<void>;
}

interface EnrichmentCall {
  readonly incidentId: string;
  readonly isForced: boolean;
  /** How long the result is waited for. */
  readonly waitMs: number;
  readonly request: Pick<RequestInfo, 'elapsedMs' | 'signal'>;
}

interface RequestedEnrichment {
  readonly job: EnrichmentJob;
  /** Where it was ready in time. */
  readonly result: EnrichmentRecord | undefined;
}

export type RequestEnrichment = (call: EnrichmentCall) => Promise<RequestedEnrichment>;

const WAITERS_MAX = 500;
const FIRST_POLL_MS = 20;

/** Asks for a run or joins one, and waits for its result. The state is in the row, whoever makes the run. */
export function createRequestEnrichment({
  enrichments,
  ids,
  wake,
}: RequestEnrichmentDeps): RequestEnrichment {
  const outcomeOf = createOutcomeWaits(WAITERS_MAX, FIRST_POLL_MS);
  return async ({ incidentId, isForced, waitMs, request }) => {
    const wish = { runId: ids.next('enr'), isForced, elapsedMs: () => request.elapsedMs() };
    const job = await enrichments.request(incidentId, wish);
    if (job.status !== 'completed') await wake(incidentId);
    if (waitMs === 0) return { job, result: undefined };
    const read = async () => {
      const now = await enrichments.job(incidentId, job.id);
      return now ? { status: 'pending', job: now } : { status: 'ended', job };
    };
    const outcome = await outcomeOf(read, { waitMs, signal: request.signal });
    if (outcome.status === 'pending') return { job: outcome.job, result: undefined };
    const result = await enrichments.latest(incidentId);
    // A run that failed for good leaves the result of the one before.
    const isNew = result !== undefined && (result.version > job.version || job.status === 'completed');
    return { job, result: isNew ? result : undefined };
  };
}
