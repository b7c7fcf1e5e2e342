import { type Graph, type Row, whole } from './graph.ts';
import type { GraphRelationship } from './labels.ts';

/** A node as questions answer it. */
export interface FoundNode {
  readonly id: string;
  readonly labels: readonly string[];
  readonly degree: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface FoundEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly relation: GraphRelationship;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface Step {
  /** The node that was expanded. */
  readonly origin: string;
  readonly node: FoundNode;
  readonly edge: FoundEdge;
}

/** What a caller may see and wants to see. */
export interface GraphView {
  /** Ids of workspaces; undefined is all of them. */
  readonly providerIds?: readonly string[] | undefined;
  readonly relations?: readonly GraphRelationship[] | undefined;
}

export interface StepLimits {
  readonly perNode: number;
  readonly rows: number;
  readonly timeoutMs: number;
}

const NODE = (name: string): string =>
  `{ id: elementId(${name}), labels: labels(${name}), degree: COUNT { (${name})--() }, properties: properties(${name}) }`;

const EDGE = `{ id: elementId(r), from: elementId(startNode(r)), to: elementId(endNode(r)), relation: type(r), properties: properties(r) }`;

// Of an incident, an alert and a relation the workspace is known; an entity is as visible as what leads to it.
const IS_VISIBLE = `($providers IS NULL OR (
    (NOT m:Incident OR m.provider_id IN $providers) AND (NOT m:Alert OR m.provider_id IN $providers)
    AND (r.providers IS NULL OR any(p IN r.providers WHERE p IN $providers))))`;

const EXPAND = `UNWIND $ids AS id MATCH (n) WHERE elementId(n) = id
  CALL (n) { MATCH (n)-[r]-(m) WHERE ($relations IS NULL OR type(r) IN $relations) AND ${IS_VISIBLE}
    RETURN r, m LIMIT $perNode }
  WITH id, r, m LIMIT $rows
  RETURN id AS origin, ${NODE('m')} AS node, ${EDGE} AS edge`;

const BY_KEY = (label: string): string => `MATCH (n:${label} {key: $key}) RETURN ${NODE('n')} AS node`;

const toStep = (row: Row): Step => row as unknown as Step;

/** The edges of some nodes, so many of each and so many in all, in no order. */
export async function expand(
  graph: Graph,
  ids: readonly string[],
  view: GraphView,
  { perNode, rows, timeoutMs }: StepLimits,
): Promise<Step[]> {
  if (ids.length === 0) return [];
  const parameters = {
    ids,
    providers: view.providerIds ?? null,
    relations: view.relations ?? null,
    perNode: whole(perNode),
    rows: whole(rows),
  };
  return (await graph.read(EXPAND, parameters, { timeoutMs })).map(toStep);
}

export type GraphPlace = { readonly entity: string } | { readonly incident: string };

const TIMEOUT_MS = 2_000;

/** The node of an entity's key or an incident's id; undefined where the graph does not have it (yet). */
export async function findNode(graph: Graph, place: GraphPlace): Promise<FoundNode | undefined> {
  const [label, key] = 'entity' in place ? ['Entity', place.entity] : ['Incident', place.incident];
  const [row] = await graph.read(BY_KEY(label), { key }, { timeoutMs: TIMEOUT_MS });
  return row?.['node'] as FoundNode | undefined;
}
