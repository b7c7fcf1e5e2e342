import type { EnrichIncident } from '@socmate/contracts';
import type { RunLanes } from '../runs/run-lanes.ts';

/** Safe to run twice: rows say which run is due, and only one worker claims it. */
export const createEnrichIncidentJob =
  ({ lanes }: { readonly lanes: Pick<RunLanes, 'run'> }) =>
  ({ incidentId }: EnrichIncident): Promise<void> =>
    lanes.run(incidentId);
