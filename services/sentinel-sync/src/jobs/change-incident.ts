import type { ChangeIncident } from '@socmate/contracts';
import type { WriteRunner } from '../write-back-runner.ts';

/** Safe to run twice: the row says whether the change is due, and only one run claims it. */
export const createChangeIncidentJob =
  ({ runner }: { readonly runner: WriteRunner }) =>
  ({ changeId }: ChangeIncident): Promise<void> =>
    runner.run(changeId);
