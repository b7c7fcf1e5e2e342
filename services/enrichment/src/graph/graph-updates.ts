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
  /** Writes every change that waits; returns at once where Neo4j was away a moment ago. Never runs twice at once. */
  drain(signal: AbortSignal): Promise<void>;
  /** The same for the graph as a whole, where a row asks for it; changes are written beside it. */
  drainWhole(signal: AbortSignal): Promise<void>;
}

const BATCH = 2_000;
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;
const PUT_OFF_S = 600;
const RENEWAL_MS = 30_000;

const isAway = (fault: unknown): boolean => fault instanceof AppError && fault.code === 'unavailable';

/** Moves changes from their rows into the graph. While Neo4j is away they stay where they are. */
export function createGraphUpdates(deps: GraphUpdatesDeps): GraphUpdates {
  const { graph, log, changes } = deps;
  let isThere = false;
  let waitMs = 0;
  let nextTryAt = 0;

  // Statements that make constraints beside each other end in a deadlock.
  const enter = async (): Promise<void> => {
    await ensureGraph(graph, () => changes.tellAll());
    isThere = true;
    graphBack(log);
  };
  const entered = oneAtATime(enter);
  const whileThere = async (work: () => Promise<void>): Promise<void> => {
    if (performance.now() < nextTryAt) return;
    try {
      if (!isThere) await entered();
      waitMs = 0;
      await work();
    } catch (fault) {
      if (!isAway(fault)) throw fault;
      if (isThere || waitMs === 0) graphAway(log, errorMessage(fault));
      isThere = false;
      waitMs = Math.min(LAST_WAIT_MS, Math.max(FIRST_WAIT_MS, waitMs * 2));
      nextTryAt = performance.now() + waitMs;
    }
  };
  const drain = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted && (await writeSome(deps)) > 0);
  };
  return {
    drain: oneAtATime((signal: AbortSignal) => whileThere(() => drain(signal))),
    drainWhole: oneAtATime((signal: AbortSignal) => whileThere(() => writeWhole(deps, signal))),
  };
}

/** Whoever comes while it runs waits for its end. */
function oneAtATime<A extends unknown[]>(
  work: (...given: A) => Promise<void>,
): (...given: A) => Promise<void> {
  let running: Promise<void> | undefined;
  return (...given) => {
    running ??= work(...given).finally(() => {
      running = undefined;
    });
    return running;
  };
}

async function writeWhole(deps: GraphUpdatesDeps, signal: AbortSignal): Promise<void> {
  const { changes, owner } = deps;
  const claimed = await changes.claimWhole(owner);
  if (claimed.length === 0) return;
  const renew = () => changes.renew(owner, idsOf(claimed)).catch(() => undefined);
  const renewing = setInterval(() => void renew(), RENEWAL_MS);
  try {
    const { mentions } = await rebuildGraph(deps, () => signal.throwIfAborted());
    graphWritten(claimed.length, mentions);
    await changes.acknowledge(idsOf(claimed));
  } catch (fault) {
    if (signal.aborted) await changes.release(owner, idsOf(claimed));
    else await giveBack(deps, claimed, fault);
  } finally {
    clearInterval(renewing);
  }
}

/** Answers how many changes were claimed. */
async function writeSome(deps: GraphUpdatesDeps): Promise<number> {
  const { changes, owner } = deps;
  const claimed = await changes.claim(owner, BATCH);
  if (claimed.length === 0) return 0;
  try {
    graphWritten(claimed.length, await writeChanges(deps, claimed));
    await changes.acknowledge(idsOf(claimed));
  } catch (fault) {
    if (isAway(fault) || claimed.length === 1) await giveBack(deps, claimed, fault);
    else await writeOneByOne(deps, claimed);
  }
  return claimed.length;
}

/** One that cannot be written must not keep the others waiting. */
async function writeOneByOne(deps: GraphUpdatesDeps, claimed: readonly ClaimedGraphChange[]): Promise<void> {
  for (const [index, change] of claimed.entries()) {
    try {
      graphWritten(1, await writeChanges(deps, [change]));
      await deps.changes.acknowledge([change.id]);
    } catch (fault) {
      if (isAway(fault)) return giveBack(deps, claimed.slice(index), fault);
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
