import { EntityType, type GraphEdge, type GraphNode } from '@socmate/contracts';
import type { FoundEdge, FoundNode } from '@socmate/knowledge-graph';

const KINDS = { Entity: 'entity', Incident: 'incident', Alert: 'alert', Technique: 'technique' } as const;

/** What the graph keeps for itself. */
const HIDDEN = new Set(['rev', 'digest', 'key', 'type', 'value', 'provider_id', 'degree']);
const TIMES = new Set(['first_seen', 'last_seen', 'created_at']);

const time = (ms: unknown): string | null => (typeof ms === 'number' ? new Date(ms).toISOString() : null);

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export function nodeView({ labels, degree, properties }: FoundNode): GraphNode {
  const label = Object.keys(KINDS).find((each) => labels.includes(each)) as keyof typeof KINDS | undefined;
  const shown = Object.entries(properties).filter(([name]) => !HIDDEN.has(name));
  const key = textOf(properties['key']) ?? '';
  return {
    key,
    kind: label ? KINDS[label] : 'entity',
    type: EntityType.safeParse(properties['type']).data ?? null,
    value: textOf(properties['value'] ?? properties['title'] ?? properties['name']) ?? key,
    degree,
    properties: Object.fromEntries(
      shown.map(([name, value]) => [name, TIMES.has(name) ? time(value) : value]),
    ),
  };
}

/** Edges name their ends by the keys of nodes. */
export function edgeViews(nodes: readonly FoundNode[], edges: readonly FoundEdge[]): GraphEdge[] {
  const keys = new Map(nodes.map(({ id, properties }) => [id, textOf(properties['key'])]));
  return edges.flatMap(({ from, to, relation, properties }) => {
    const ends = { from: keys.get(from), to: keys.get(to) };
    if (ends.from === undefined || ends.to === undefined) return [];
    const { first_seen, last_seen, count, role } = properties;
    return [
      {
        from: ends.from,
        to: ends.to,
        relation,
        first_seen: time(first_seen),
        last_seen: time(last_seen),
        count: typeof count === 'number' ? count : null,
        role: textOf(role) || null,
      },
    ];
  });
}
