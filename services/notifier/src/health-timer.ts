import type { EndpointHealth } from '@socmate/database';
import { type Logger, startTimer, type Timer } from '@socmate/runtime';
import { endpointDisabled, endpointFailing } from './delivery-events.ts';

const INTERVAL_MS = 60_000;

interface HealthTimerDeps {
  readonly health: Pick<EndpointHealth, 'judge'>;
  readonly log: Logger;
}

/** Gives notice of endpoints that have been failing for days, and disables them in the end. */
export function startHealthTimer({ health, log }: HealthTimerDeps): Timer {
  return startTimer('endpoint-health', INTERVAL_MS, log, async () => {
    for (const { endpointId, failingSince, percent } of await health.judge()) {
      if (percent === 100) endpointDisabled(log, endpointId, 'nothing succeeded for days');
      else endpointFailing(log, endpointId, failingSince);
    }
  });
}
