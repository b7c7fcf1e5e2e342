import { createUnreadTally, type Reading, readGraph, type UnreadTally } from './graph-reader.ts';
import { createProperties, isBag, typeName } from './properties.ts';
import { addRole, type RawEntity } from './raw-entity.ts';

const DEPTH_MAX = 64;

interface Node extends RawEntity {
  readonly roles: Map<string, RawEntity[]>;
  readonly bag: Record<string, unknown>;
}

interface Walk {
  readonly byId: Map<string, Node>;
  readonly nodes: Map<Record<string, unknown>, Node>;
  readonly tally: UnreadTally;
}

/** Reads `SecurityAlert.Entities`: JSON in a string, or what it parses to. Never throws. */
export function readTableEntities(column: unknown, workspace: string): Reading {
  const tally = createUnreadTally();
  const parsed = typeof column === 'string' ? parseColumn(column, tally) : column;
  const walk: Walk = { byId: new Map(), nodes: new Map(), tally };
  collect(parsed, walk);
  for (const node of walk.nodes.values()) link(node, walk);
  return readGraph([...walk.nodes.values()], { workspace, source: 'alert', confidence: 1 }, tally);
}

function parseColumn(column: string, tally: UnreadTally): unknown {
  if (column.trim() === '') return [];
  try {
    return JSON.parse(column) as unknown;
  } catch {
    tally.add('not_json', 'Entities');
    return [];
  }
}

// Without recursion, so that no depth of nesting overflows the stack; ids may be defined anywhere.
function collect(root: unknown, walk: Walk): void {
  const pending: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (isBag(value)) addNode(value, depth, walk);
    else if (depth === 1 && value !== null) walk.tally.add('not_an_entity', typeof value);
    if (typeof value !== 'object' || value === null || depth >= DEPTH_MAX) continue;
    const inside = Object.values(value).reverse();
    for (const each of inside)
      if (typeof each === 'object' || depth === 0) pending.push({ value: each, depth: depth + 1 });
  }
}

function addNode(bag: Record<string, unknown>, depth: number, { byId, nodes, tally }: Walk): void {
  const kind = typeName(bag);
  if (typeof kind !== 'string') {
    if (depth === 1 && !('$ref' in bag)) tally.add('not_an_entity', 'object');
    return;
  }
  const node: Node = { kind, bag, properties: createProperties(bag), roles: new Map() };
  nodes.set(bag, node);
  const id = bag['$id'];
  if (typeof id === 'string' && !byId.has(id)) byId.set(id, node);
}

function link(node: Node, walk: Walk): void {
  for (const [name, value] of Object.entries(node.bag)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (!isBag(each)) continue;
      const role = name.toLowerCase();
      const ref = each['$ref'];
      const found = typeof ref === 'string' ? walk.byId.get(ref) : walk.nodes.get(each);
      if (found !== undefined) addRole(node.roles, role, found);
      else if (typeof ref === 'string') walk.tally.add('dangling_reference', `${node.kind}.${name}`);
    }
  }
}
