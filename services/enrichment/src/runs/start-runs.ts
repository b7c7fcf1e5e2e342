import { deliverWebhook, enrichIncident, type QueueDefinition, updateGraph } from '@socmate/contracts';
import {
  createEnrichmentFacts,
  createEnrichmentRuns,
  createListEntries,
  createWorkerLeases,
  type Heartbeat,
  type Pool,
  startHeartbeat,
} from '@socmate/database';
import { type Consumer, startConsumer, startWakeUps } from '@socmate/queue';
import { type Clock, createIds, type Lifecycle, type Logger, startTimer } from '@socmate/runtime';
import type { z } from 'zod';
import type { Assess } from '../assessment/assessment.ts';
import type { Config } from '../config.ts';
import type { Intelligence } from '../intelligence/create-intelligence.ts';
import { createEnrichIncidentJob } from '../jobs/enrich-incident.ts';
import type { IncidentReader } from '../reading/incident-reader.ts';
import { startDueRuns } from './due-runs.ts';
import { createEnrichIncident } from './enrich-incident.ts';
import { createMakeRun } from './make-run.ts';
import { createRunLanes, type RunLanes } from './run-lanes.ts';

export interface RunParts {
  readonly config: Config;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly reader: IncidentReader;
  readonly intelligence: Intelligence;
  readonly assess: Assess;
}

const DETAILS_PATIENCE_MS = 6_000;
const LEASE_SWEEP_MS = 600_000;

/** Makes the enrichments that are due, on a timer and when woken; answers the consumer of its queue. */
export async function startRuns(life: Lifecycle, parts: RunParts): Promise<Consumer> {
  const { config, log } = parts;
  const { owner, heartbeat } = await openLease(life, parts);
  const lanes = openLanes(life, parts, { owner, heartbeat });
  const consumer = startConsumer(
    enrichIncident,
    {
      url: config.REDIS_URL,
      prefix: config.QUEUE_PREFIX,
      concurrency: config.ENRICHMENT_CONCURRENCY,
      log,
      graceMs: config.SHUTDOWN_GRACE_MS,
    },
    createEnrichIncidentJob({ lanes }),
  );
  life.use('enrich-incident', consumer, (one) => one.close());
  const timer = startDueRuns({ runs: createEnrichmentRuns(parts.pool), lanes, log });
  life.use('due enrich-incident', timer, (one) => one.close());
  life.use('enrichments', lanes, (one) => one.close());
  return consumer;
}

interface Lease {
  readonly owner: string;
  readonly heartbeat: Heartbeat;
}

/** The name under which this process claims runs, and the beats that keep its claims. */
async function openLease(life: Lifecycle, { pool, log }: RunParts): Promise<Lease> {
  const owner = createIds().next('wrk');
  const leases = life.use('worker lease', createWorkerLeases(pool, owner, 'enrichment'), (one) =>
    one.leave(),
  );
  const heartbeat = life.use('heartbeat', await startHeartbeat(leases, log), (one) => one.close());
  const sweep = startTimer('lease-sweep', LEASE_SWEEP_MS, log, async () => {
    await leases.sweep();
  });
  life.use('lease sweep', sweep, (timer) => timer.close());
  return { owner, heartbeat };
}

function openLanes(life: Lifecycle, parts: RunParts, { owner, heartbeat }: Lease): RunLanes {
  const { config, pool, clock, log } = parts;
  const runs = createEnrichmentRuns(pool);
  const wakeNotifier = openWakeUps(life, parts, deliverWebhook);
  const wakeGraph = openWakeUps(life, parts, updateGraph);
  const enrich = createEnrichIncident({
    ...parts,
    runs,
    facts: createEnrichmentFacts(pool),
    lists: createListEntries(pool),
    lookUpMs: config.ENRICHMENT_LOOKUP_TIMEOUT * 1_000,
    detailsPatienceMs: DETAILS_PATIENCE_MS,
  });
  const work = createMakeRun({
    pool,
    runs,
    enrich,
    making: { ids: createIds(), clock },
    owner,
    publicUrl: config.PUBLIC_URL,
    wakeNotifier: (endpointIds) => wakeNotifier({ endpointIds: [...endpointIds] }),
    wakeGraph: () => wakeGraph({}),
    log,
  });
  const free = (incidentId: string): Promise<void> => runs.release(owner, incidentId);
  return createRunLanes({
    heartbeat,
    work,
    free,
    concurrency: config.ENRICHMENT_CONCURRENCY,
    graceMs: config.SHUTDOWN_GRACE_MS,
  });
}

function openWakeUps<S extends z.ZodType>(
  life: Lifecycle,
  { config, log }: RunParts,
  queue: QueueDefinition<S>,
): (payload: z.input<S>) => Promise<void> {
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const wakeUps = life.use(`${queue.name} wake-ups`, startWakeUps(queue, connection, log), (one) =>
    one.close(),
  );
  return async (payload) => void (await wakeUps.wake(payload));
}
