import type { ClaimedGraphChange, GraphChanges, GraphSource } from '@socmate/database';
import { ensureGraph, type Graph } from '@socmate/knowledge-graph';
import { AppError, errorMessage, type Logger } from '@socmate/runtime';
import { graphAway, graphBack, graphChangePutOff, graphWritten } from './graph-events.ts';
import { rebuildGraph } from './rebuild-graph.ts';
import { writeChanges } from './write-changes.ts';

export interface GraphUpdatesDeps {
  readonly changes: GraphChanges;
  readonly source: GraphSource;
  readonly graph: Graph;
  /** Under which this process claims rows. */
  readonly owner: string;
  readonly log: Logger;
}

export interface GraphUpdates {
  /** Writes everything that waits; returns at once where Neo4j was away a moment ago. Never runs twice at once. */
  drain(signal: AbortSignal): Promise<void>;
}

const BATCH = 2_000;
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;
const PUT_OFF_S = 600;

const isAway = (fault: unknown): boolean => fault instanceof AppError && fault.code === 'unavailable';

/** Moves changes from their rows into the graph. While Neo4j is away they stay where they are. */
export function createGraphUpdates(deps: GraphUpdatesDeps): GraphUpdates {
  const { graph, log } = deps;
  let isThere = false;
  let waitMs = 0;
  let nextTryAt = 0;
  let running: Promise<void> | undefined;

  const drainAll = async (signal: AbortSignal): Promise<void> => {
    if (performance.now() < nextTryAt) return;
    try {
      if (!isThere) {
        await ensureGraph(graph, () => deps.changes.tellAll());
        graphBack(log);
      }
      isThere = true;
      waitMs = 0;
      while (!signal.aborted && (await writeSome(deps, signal)) > 0);
    } catch (fault) {
      if (!isAway(fault)) throw fault;
      if (isThere || waitMs === 0) graphAway(log, errorMessage(fault));
      isThere = false;
      waitMs = Math.min(LAST_WAIT_MS, Math.max(FIRST_WAIT_MS, waitMs * 2));
      nextTryAt = performance.now() + waitMs;
    }
  };
  return {
    drain: (signal) => {
      running ??= drainAll(signal).finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

/** Answers how many changes were claimed. */
async function writeSome(deps: GraphUpdatesDeps, signal: AbortSignal): Promise<number> {
  const { changes, owner } = deps;
  const claimed = await changes.claim(owner, BATCH);
  if (claimed.length === 0) return 0;
  try {
    await write(deps, claimed, signal);
  } catch (fault) {
    if (signal.aborted) await changes.release(owner, idsOf(claimed));
    else if (isAway(fault) || claimed.length === 1) await giveBack(deps, claimed, fault);
    else await writeOneByOne(deps, claimed, signal);
  }
  return claimed.length;
}

async function write(
  deps: GraphUpdatesDeps,
  claimed: readonly ClaimedGraphChange[],
  signal: AbortSignal,
): Promise<void> {
  const isWhole = claimed.some(({ kind }) => kind === 'all');
  const mentions = await (isWhole ? writeAll(deps, claimed, signal) : writeChanges(deps, claimed));
  graphWritten(claimed.length, mentions);
  await deps.changes.acknowledge(idsOf(claimed));
}

/** All that was claimed with it is part of it. */
async function writeAll(
  deps: GraphUpdatesDeps,
  claimed: readonly ClaimedGraphChange[],
  signal: AbortSignal,
): Promise<number> {
  const { mentions } = await rebuildGraph(deps, async () => {
    signal.throwIfAborted();
    await deps.changes.renew(deps.owner, idsOf(claimed));
  });
  return mentions;
}

/** One that cannot be written must not keep the others waiting. */
async function writeOneByOne(
  deps: GraphUpdatesDeps,
  claimed: readonly ClaimedGraphChange[],
  signal: AbortSignal,
): Promise<void> {
  for (const [index, change] of claimed.entries()) {
    try {
      await write(deps, [change], signal);
    } catch (fault) {
      const rest = claimed.slice(index);
      if (signal.aborted) return deps.changes.release(deps.owner, idsOf(rest));
      if (isAway(fault)) return giveBack(deps, rest, fault);
      await giveBack(deps, [change], fault);
    }
  }
}

async function giveBack(
  { changes, owner, log }: GraphUpdatesDeps,
  claimed: readonly ClaimedGraphChange[],
  fault: unknown,
): Promise<void> {
  if (isAway(fault)) {
    await changes.release(owner, idsOf(claimed));
    throw fault;
  }
  for (const change of claimed) graphChangePutOff(log, change, fault);
  await changes.putOff(idsOf(claimed), PUT_OFF_S);
}

const idsOf = (claimed: readonly ClaimedGraphChange[]): number[] => claimed.map(({ id }) => id);
