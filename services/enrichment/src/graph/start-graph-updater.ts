import { setTimeout as delay } from 'node:timers/promises';
import { updateGraph } from '@socmate/contracts';
import { createGraphChanges, createGraphSource, type GraphChanges, type Pool } from '@socmate/database';
import { createGraph, type Graph } from '@socmate/knowledge-graph';
import { type Consumer, startConsumer } from '@socmate/queue';
import { createIds, type Lifecycle, type Logger, startTimer, type Timer } from '@socmate/runtime';
import type { GraphConfig } from './graph-config.ts';
import { graphBacklog } from './graph-events.ts';
import { createGraphUpdates, type GraphUpdates } from './graph-updates.ts';

export interface GraphUpdaterDeps {
  readonly config: GraphConfig & {
    readonly REDIS_URL: string;
    readonly QUEUE_PREFIX: string;
    readonly SHUTDOWN_GRACE_MS: number;
  };
  readonly pool: Pool;
  readonly log: Logger;
}

export interface GraphUpdater {
  /** Of `update-graph`. */
  readonly consumer: Consumer;
  /** Undefined where none is configured. */
  readonly graph: Graph | undefined;
}

const INTERVAL_MS = 1_000;
const BACKLOG_MS = 15_000;
const FOLD_MS = 60_000;
// A write waits for those of other replicas, which pass one after another.
const ACQUIRE_TIMEOUT_MS = 10_000;
const RETRY_MS = 5_000;
/** Of the grace: what Neo4j does not answer until then is given up with the connection, and its rows stay. */
const CLOSING_SHARE = 0.5;

/** Keeps the graph up with its rows, on a timer and when woken; without Redis the timer alone does. */
export function startGraphUpdater(life: Lifecycle, { config, pool, log }: GraphUpdaterDeps): GraphUpdater {
  const graph = openGraph(life, config);
  const changes = createGraphChanges(pool);
  const owner = createIds().next('wrk');
  const updates =
    graph && createGraphUpdates({ changes, source: createGraphSource(pool), graph, owner, log });
  const consumer = startWakeUps(life, { config, log }, updates);
  const every = (ms: number, name: string, task: (signal: AbortSignal) => Promise<void>): Timer =>
    startTimer(name, ms, log, task);
  const timers = updates
    ? [
        every(INTERVAL_MS, 'update-graph', (signal) => updates.drain(signal)),
        every(INTERVAL_MS, 'write-whole-graph', (signal) => updates.drainWhole(signal)),
      ]
    : [every(FOLD_MS, 'fold-graph-changes', () => foldAll(changes))];
  timers.push(every(BACKLOG_MS, 'graph-backlog', async () => graphBacklog(await changes.backlog())));
  const graceMs = config.SHUTDOWN_GRACE_MS * CLOSING_SHARE;
  life.use('graph timers', timers, (all) =>
    Promise.race([Promise.all(all.map((one) => one.close())), delay(graceMs, undefined, { ref: false })]),
  );
  return { consumer, graph };
}

/** Where there is no graph, one row waits for one that is configured later. */
async function foldAll(changes: GraphChanges): Promise<void> {
  while ((await changes.fold()) > 0);
}

function openGraph(
  life: Lifecycle,
  { NEO4J_URI: uri, NEO4J_USER: user, NEO4J_PASSWORD: password }: GraphConfig,
) {
  if (uri === undefined) return undefined;
  const graph = createGraph(
    { uri, user, password },
    { acquireTimeoutMs: ACQUIRE_TIMEOUT_MS, retryMs: RETRY_MS },
  );
  return life.use('graph', graph, (one) => one.close());
}

function startWakeUps(
  life: Lifecycle,
  { config, log }: Pick<GraphUpdaterDeps, 'config' | 'log'>,
  updates: GraphUpdates | undefined,
): Consumer {
  const options = {
    url: config.REDIS_URL,
    prefix: config.QUEUE_PREFIX,
    concurrency: 1,
    log,
    graceMs: config.SHUTDOWN_GRACE_MS,
  };
  const consumer = startConsumer(updateGraph, options, async (_, signal) => updates?.drain(signal));
  return life.use('update-graph', consumer, (one) => one.close());
}
