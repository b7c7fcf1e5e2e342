import type { ProviderReconciliations } from '@socmate/database';
import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import type { ExclusiveRuns } from './exclusive-runs.ts';

const INTERVAL_MS = 1_000;
const LIMIT = 10;

export interface DueReconciliationsDeps {
  readonly reconciliations: Pick<ProviderReconciliations, 'due'>;
  readonly runner: ExclusiveRuns;
  readonly log: Logger;
}

/** Starts reconciliations that are due, as far as there is room here. */
export function startDueReconciliations({ reconciliations, runner, log }: DueReconciliationsDeps): Timer {
  return startTimer('due-reconciliations', INTERVAL_MS, log, async () => {
    await runner.freeLost();
    for (const providerId of runner.hasRoom ? await reconciliations.due(LIMIT) : []) {
      if (!runner.hasRoom) return;
      runner.run(providerId).catch((err: unknown) => {
        log.error({ err, providerId }, 'reconciliation ended badly');
      });
    }
  });
}
