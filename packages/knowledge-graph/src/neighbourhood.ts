import {
  expand,
  type FoundEdge,
  type FoundNode,
  findNode,
  type GraphPlace,
  type GraphView,
} from './expand.ts';
import { type Graph, isTooLong } from './graph.ts';
import { HUB_DEGREE } from './labels.ts';

export interface Neighbourhood {
  readonly root: FoundNode;
  /** Nearest first; the root is not among them. */
  readonly nodes: readonly FoundNode[];
  readonly edges: readonly FoundEdge[];
  /** Whether there is more than is answered. */
  readonly isTruncated: boolean;
}

export interface NeighbourhoodLimits {
  readonly depth: number;
  /** How many nodes are answered. */
  readonly limit: number;
  /** Nodes with more edges are answered and not gone through. */
  readonly hubDegree?: number;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 2_000;
/** Rows of one step, in multiples of the limit: several edges lead to the same node. */
const ROWS_PER_NODE = 4;

/** What surrounds a node, step by step, within its limits; undefined where the graph does not have it. */
export async function neighbourhood(
  graph: Graph,
  place: GraphPlace,
  view: GraphView,
  limits: NeighbourhoodLimits,
): Promise<Neighbourhood | undefined> {
  const root = await findNode(graph, place);
  if (!root) return undefined;
  const walk = createWalk(root, limits);
  const deadline = performance.now() + (limits.timeoutMs ?? TIMEOUT_MS);
  for (let depth = 0; depth < limits.depth && !walk.isFull(); depth += 1) {
    const frontier = walk.takeFrontier();
    if (frontier.length === 0) break;
    const timeoutMs = Math.ceil(deadline - performance.now());
    if (timeoutMs <= 0 || !(await step(graph, view, { walk, frontier, timeoutMs }))) {
      walk.truncate();
      break;
    }
  }
  return walk.result();
}

interface StepParts {
  readonly walk: ReturnType<typeof createWalk>;
  readonly frontier: readonly string[];
  readonly timeoutMs: number;
}

/** False where it took too long. */
async function step(graph: Graph, view: GraphView, { walk, frontier, timeoutMs }: StepParts) {
  const perNode = walk.limit + 1;
  const rows = walk.limit * ROWS_PER_NODE + 1;
  try {
    const found = await expand(graph, frontier, view, { perNode, rows, timeoutMs });
    if (found.length >= rows) walk.truncate();
    const counts = new Map<string, number>();
    for (const { origin, node, edge } of found) {
      counts.set(origin, (counts.get(origin) ?? 0) + 1);
      walk.meet(node, edge);
    }
    if ([...counts.values()].some((count) => count >= perNode)) walk.truncate();
    return true;
  } catch (fault) {
    if (isTooLong(fault)) return false;
    throw fault;
  }
}

function createWalk(root: FoundNode, { limit, hubDegree = HUB_DEGREE }: NeighbourhoodLimits) {
  const nodes = new Map<string, FoundNode>();
  const edges = new Map<string, FoundEdge>();
  let frontier: FoundNode[] = [root];
  let isTruncated = false;
  const meet = (node: FoundNode, edge: FoundEdge): void => {
    if (node.id !== root.id && !nodes.has(node.id)) {
      if (nodes.size >= limit) {
        isTruncated = true;
        return;
      }
      nodes.set(node.id, node);
      frontier.push(node);
    }
    edges.set(edge.id, edge);
  };
  return {
    limit,
    meet,
    isFull: () => isTruncated && nodes.size >= limit,
    truncate: () => {
      isTruncated = true;
    },
    /** The nodes to go through next: a hub is a place where everything meets, and says nothing of its neighbours. */
    takeFrontier: (): string[] => {
      const taken = frontier.filter((node) => node === root || node.degree < hubDegree);
      if (taken.length < frontier.length) isTruncated = true;
      frontier = [];
      return taken.map(({ id }) => id);
    },
    result: (): Neighbourhood => ({
      root,
      nodes: [...nodes.values()],
      edges: [...edges.values()],
      isTruncated,
    }),
  };
}
