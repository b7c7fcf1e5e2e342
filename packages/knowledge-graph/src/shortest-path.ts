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

export interface PathAnswer {
  readonly from: FoundNode;
  readonly to: FoundNode;
  /** From one end to the other, both among them; empty where there is none within the limits. */
  readonly nodes: readonly FoundNode[];
  readonly edges: readonly FoundEdge[];
  /** Whether hubs or limits kept it from looking everywhere: there may be a path, or a shorter one. */
  readonly isTruncated: boolean;
}

export interface PathLimits {
  readonly maxDepth: number;
  readonly hubDegree?: number;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 3_000;
const STEP_ROWS = 20_000;
const PER_NODE = 2_000;

interface Reached {
  readonly node: FoundNode;
  readonly edge: FoundEdge | undefined;
  readonly before: string | undefined;
}

interface Side {
  readonly reached: Map<string, Reached>;
  frontier: string[];
}

const sideFrom = (node: FoundNode): Side => ({
  reached: new Map([[node.id, { node, edge: undefined, before: undefined }]]),
  frontier: [node.id],
});

/** A shortest path between two nodes that goes through no hub; undefined where the graph lacks an end. */
export async function shortestPath(
  graph: Graph,
  ends: readonly [GraphPlace, GraphPlace],
  view: GraphView,
  limits: PathLimits,
): Promise<PathAnswer | undefined> {
  const [from, to] = await Promise.all(ends.map((end) => findNode(graph, end)));
  if (!from || !to) return undefined;
  if (from.id === to.id) return { from, to, nodes: [from], edges: [], isTruncated: false };
  const sides: [Side, Side] = [sideFrom(from), sideFrom(to)];
  const deadline = performance.now() + (limits.timeoutMs ?? TIMEOUT_MS);
  let isTruncated = false;
  for (let depth = 0; depth < limits.maxDepth; depth += 1) {
    const isFirst = sides[0].frontier.length <= sides[1].frontier.length;
    const [near, far] = isFirst ? sides : [sides[1], sides[0]];
    if (near.frontier.length === 0) break;
    const timeoutMs = Math.ceil(deadline - performance.now());
    const grown = timeoutMs > 0 ? await grow(graph, near, { far, view, limits, timeoutMs }) : undefined;
    isTruncated ||= grown?.isTruncated ?? true;
    if (!grown) break;
    if (grown.meeting !== undefined) return { from, to, isTruncated, ...pathThrough(sides, grown.meeting) };
  }
  return { from, to, nodes: [], edges: [], isTruncated };
}

interface Growing {
  readonly far: Side;
  readonly view: GraphView;
  readonly limits: PathLimits;
  readonly timeoutMs: number;
}

interface Grown {
  readonly meeting: string | undefined;
  readonly isTruncated: boolean;
}

/** One step of one side; undefined where it took too long. */
async function grow(graph: Graph, side: Side, growing: Growing): Promise<Grown | undefined> {
  const { far, view, limits, timeoutMs } = growing;
  const found = await expand(graph, side.frontier, view, {
    perNode: PER_NODE,
    rows: STEP_ROWS,
    timeoutMs,
  }).catch((fault: unknown) => {
    if (isTooLong(fault)) return undefined;
    throw fault;
  });
  if (!found) return undefined;
  const next: FoundNode[] = [];
  for (const { origin, node, edge } of found) {
    if (side.reached.has(node.id)) continue;
    side.reached.set(node.id, { node, edge, before: origin });
    if (far.reached.has(node.id)) return { meeting: node.id, isTruncated: false };
    next.push(node);
  }
  const passable = next.filter(({ degree }) => degree < (limits.hubDegree ?? HUB_DEGREE));
  side.frontier = passable.map(({ id }) => id);
  const isCut = found.length >= STEP_ROWS || isCutAtNode(found.map(({ origin }) => origin));
  return { meeting: undefined, isTruncated: isCut || passable.length < next.length };
}

function isCutAtNode(origins: readonly string[]): boolean {
  const counts = new Map<string, number>();
  for (const origin of origins) counts.set(origin, (counts.get(origin) ?? 0) + 1);
  return [...counts.values()].some((count) => count >= PER_NODE);
}

function pathThrough([first, second]: readonly [Side, Side], meeting: string) {
  const back = (side: Side): Reached[] => {
    const all: Reached[] = [];
    for (let at: string | undefined = meeting; at !== undefined; ) {
      const reached = side.reached.get(at);
      if (!reached) break;
      all.push(reached);
      at = reached.before;
    }
    return all;
  };
  const head = back(first).toReversed();
  const tail = back(second);
  return {
    nodes: [...head, ...tail.slice(1)].map(({ node }) => node),
    edges: [...head, ...tail].flatMap(({ edge }) => edge ?? []),
  };
}
