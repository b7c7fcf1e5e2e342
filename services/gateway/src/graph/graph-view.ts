import { EntityType, type GraphEdge, type GraphNode } from '@socmate/contracts';
import type { ProviderView } from '@socmate/database';
import { isWeakKey } from '@socmate/entities';
import type { FoundEdge, FoundNode } from '@socmate/knowledge-graph';

const KINDS = { Entity: 'entity', Incident: 'incident', Alert: 'alert', Technique: 'technique' } as const;

/** What the graph keeps for itself. */
const HIDDEN = new Set(['rev', 'digest', 'key', 'type', 'value', 'provider_id', 'degree']);
const TIMES = new Set(['first_seen', 'last_seen', 'created_at']);

const time = (ms: unknown): string | null => (typeof ms === 'number' ? new Date(ms).toISOString() : null);

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What is counted over all workspaces. */
const COUNTED = new Set(['incidents', 'sessions', 'first_seen', 'last_seen']);

const isOfAnother = (alias: string, view: readonly string[]): boolean =>
  isWeakKey(alias) && !view.some((id) => alias.endsWith(`@${id}`));

/** Of an entity's names those that mean something in the workspaces that are seen. */
export const aliasesSeen = (aliases: readonly string[], view: ProviderView): string[] =>
  aliases.filter((alias) => view === undefined || !isOfAnother(alias, view));

/** Whoever sees some workspaces alone is not told what others counted, or when. */
function shownProperties(
  properties: FoundNode['properties'],
  isEntity: boolean,
  view: ProviderView,
): [string, unknown][] {
  const shown = Object.entries(properties).filter(([name]) => !HIDDEN.has(name));
  if (view === undefined || !isEntity) return shown;
  return shown
    .filter(([name]) => !COUNTED.has(name))
    .map(([name, value]): [string, unknown] =>
      name === 'aliases' && Array.isArray(value)
        ? [name, aliasesSeen(value.map(String), view)]
        : [name, value],
    );
}

export function nodeView({ labels, degree, properties }: FoundNode, view: ProviderView): GraphNode {
  const label = Object.keys(KINDS).find((each) => labels.includes(each)) as keyof typeof KINDS | undefined;
  const kind = label ? KINDS[label] : 'entity';
  const shown = shownProperties(properties, kind === 'entity', view);
  const key = textOf(properties['key']) ?? '';
  return {
    key,
    kind,
    type: EntityType.safeParse(properties['type']).data ?? null,
    value: textOf(properties['value'] ?? properties['title'] ?? properties['name']) ?? key,
    degree: view === undefined ? degree : null,
    properties: Object.fromEntries(
      shown.map(([name, value]) => [name, TIMES.has(name) ? time(value) : value]),
    ),
  };
}

const isSeenWhole = (providers: unknown, view: ProviderView): boolean =>
  view === undefined || !Array.isArray(providers) || providers.every((id) => view.includes(String(id)));

/** Edges name their ends by the keys of nodes. */
export function edgeViews(
  nodes: readonly FoundNode[],
  edges: readonly FoundEdge[],
  view: ProviderView,
): GraphEdge[] {
  const keys = new Map(nodes.map(({ id, properties }) => [id, textOf(properties['key'])]));
  return edges.flatMap(({ from, to, relation, properties }) => {
    const ends = { from: keys.get(from), to: keys.get(to) };
    if (ends.from === undefined || ends.to === undefined) return [];
    const { role } = properties;
    const { first_seen, last_seen, count } = isSeenWhole(properties['providers'], view) ? properties : {};
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
