import { metrics } from '@opentelemetry/api';
import type { GraphBacklog } from '@socmate/database';
import type { Logger } from '@socmate/runtime';

const meter = metrics.getMeter('socmate');
const changes = meter.createCounter('socmate_graph_changes', {
  description: 'Changes that the graph was told, by outcome',
});
const mentions = meter.createCounter('socmate_graph_mentions', {
  description: 'Mentions of entities written to the graph',
});
const lag = meter.createGauge('socmate_queue_lag_seconds', {
  description: 'How long what is due has waited at most',
  unit: 's',
});
const depth = meter.createGauge('socmate_queue_depth', { description: 'How much is due' });
const MS_PER_S = 1_000;

export function graphWritten(changeCount: number, mentionCount: number): void {
  changes.add(changeCount, { outcome: 'written' });
  mentions.add(mentionCount);
}

export function graphChangePutOff(log: Logger, change: { kind: string; ref: string }, err: unknown): void {
  changes.add(1, { outcome: 'put_off' });
  log.error({ err, kind: change.kind, ref: change.ref }, 'graph change could not be written, it waits');
}

export function graphAway(log: Logger, reason: string): void {
  log.warn({ reason }, 'graph is away, its changes wait');
}

export function graphBack(log: Logger): void {
  log.info('graph is there');
}

export function graphBacklog({ count, lagMs }: GraphBacklog): void {
  lag.record(lagMs / MS_PER_S, { queue: 'update-graph' });
  depth.record(count, { queue: 'update-graph' });
}
