import {
  type AlertingIncident,
  alertingIncident,
  type EnrichmentRuns,
  finishEnrichment,
  type Making,
  type Pool,
  type PriorityChange,
  publishEvents,
  type Queryable,
} from '@socmate/database';
import { AppError, currentTraceparent, errorMessage, type Logger } from '@socmate/runtime';
import { criticalAlerts } from './critical-alert.ts';
import type { EnrichIncident, OwnedRun } from './enrich-incident.ts';
import {
  enrichmentFailed,
  enrichmentLost,
  enrichmentStopped,
  incidentCritical,
  incidentEnriched,
} from './run-events.ts';

export interface MakeRunDeps {
  readonly pool: Pool;
  readonly runs: EnrichmentRuns;
  readonly enrich: EnrichIncident;
  readonly making: Making;
  readonly owner: string;
  readonly publicUrl: string;
  /** Tell of what has committed; never reject. */
  readonly wakeNotifier: (endpointIds: readonly string[]) => Promise<void>;
  readonly wakeGraph: () => Promise<void>;
  readonly log: Logger;
}

/** Claims an incident's run, makes it and stores its result; does nothing where there is none to be had. */
export function createMakeRun(deps: MakeRunDeps): (incidentId: string, signal: AbortSignal) => Promise<void> {
  const { runs, owner, making, log } = deps;
  return async (incidentId, signal) => {
    const claim = await runs.claim(owner, incidentId, making.ids.next('enr'));
    if (!claim) return;
    try {
      await make(deps, { owner, claim }, signal);
    } catch (fault) {
      if (signal.aborted) {
        await runs.release(owner, incidentId);
        return enrichmentStopped(log, claim);
      }
      enrichmentFailed(log, claim, fault);
      await runs.fail(owner, claim, {
        code: fault instanceof AppError ? fault.code : 'internal',
        message: errorMessage(fault),
      });
    }
  };
}

async function make(deps: MakeRunDeps, run: OwnedRun, signal: AbortSignal): Promise<void> {
  const { pool, enrich, log, wakeNotifier, wakeGraph } = deps;
  const startedAt = performance.now();
  const outcome = await enrich(run, signal);
  const announce = (db: Queryable, change: PriorityChange) => announceCritical(deps, run, { db, change });
  const endpointIds = await finishEnrichment(pool, { ...run, announce }, outcome);
  if (endpointIds === undefined) return enrichmentLost(log, run.claim);
  const { status, risk, entities } = outcome.result;
  const durationMs = Math.round(performance.now() - startedAt);
  incidentEnriched(log, run.claim, { status, score: risk.score, entities: entities.length, durationMs });
  await Promise.all([wakeGraph(), endpointIds.length > 0 && wakeNotifier(endpointIds)]);
}

interface Announced {
  readonly db: Queryable;
  readonly change: PriorityChange;
}

async function announceCritical(
  { making, publicUrl, log }: MakeRunDeps,
  { claim }: OwnedRun,
  { db, change }: Announced,
): Promise<readonly string[]> {
  if (change.after !== 'critical') return [];
  const incident: AlertingIncident | undefined = await alertingIncident(db, claim.incidentId);
  incidentCritical(log, claim.incidentId);
  return incident ? publishEvents(db, making, criticalAlerts(incident, publicUrl), currentTraceparent()) : [];
}
