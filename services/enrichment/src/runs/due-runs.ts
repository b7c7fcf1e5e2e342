import type { EnrichmentRuns } from '@socmate/database';
import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import { enrichmentsDue } from './run-events.ts';
import type { RunLanes } from './run-lanes.ts';

const INTERVAL_MS = 1_000;

export interface DueRunsDeps {
  readonly runs: Pick<EnrichmentRuns, 'due'>;
  readonly lanes: RunLanes;
  readonly log: Logger;
}

/** Makes the runs that are due and nobody woke: of new incidents, of lost wake-ups, of workers that died. Needs no Redis. */
export function startDueRuns({ runs, lanes, log }: DueRunsDeps): Timer {
  const make = (incidentId: string): Promise<void> =>
    lanes.run(incidentId).catch((err: unknown) => log.error({ err, incidentId }, 'enrichment ended badly'));
  const timer: Timer = startTimer('due enrich-incident', INTERVAL_MS, log, async () => {
    await lanes.freeLost();
    const { room } = lanes;
    if (room === 0) return;
    const due = await runs.due(room);
    enrichmentsDue(Math.max(0, ...due.map(({ lagMs }) => lagMs)));
    const made = due.map(({ incidentId }) => make(incidentId));
    // A full house has more waiting behind it.
    if (due.length === room) void Promise.all(made).then(() => timer.poke());
  });
  return timer;
}
