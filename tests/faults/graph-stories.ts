import type { Entity, EntityType, RelationKind } from '@socmate/contracts';
import type { IncidentSightings } from '@socmate/database';
import { isWeakKey, rankAliases } from '@socmate/entities';
import type { Graph } from '@socmate/knowledge-graph';
import { seededRandom } from '../system/seeded-random.ts';

function anEntity(aliases: readonly string[]): Entity {
  const ranked = rankAliases(aliases);
  const key = ranked[0] ?? '';
  return {
    type: key.slice(0, key.indexOf(':')) as EntityType,
    value: key.slice(key.indexOf(':') + 1),
    key,
    strength: isWeakKey(key) ? 'weak' : 'strong',
    aliases: ranked,
    attributes: {},
    source: 'sentinel',
    confidence: 1,
  };
}

const KINDS: readonly RelationKind[] = ['SIGNED_IN_FROM', 'ASSOCIATED_WITH'];
const PEOPLE = 200;

const namesOf = (person: number): string[] => [
  `user:person${person}@contoso.com`,
  `user:contoso\\person${person}`,
  `user:entra:00000000-0000-4000-8000-${String(person).padStart(12, '0')}`,
];

/** What an incident names: people under some of their names, so that later ones join earlier ones, and addresses. */
export function storyOf(incidentId: string, seed: number): IncidentSightings {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const people = new Set(Array.from({ length: 1 + below(3) }, () => below(PEOPLE)));
  const users = [...people].map((person) => {
    const some = namesOf(person).filter(() => random() < 0.5);
    return anEntity(some.length > 0 ? some : namesOf(person).slice(0, 1));
  });
  const addresses = new Set(Array.from({ length: 1 + below(4) }, () => `ip:45.155.205.${below(250)}`));
  const ips = [...addresses].map((key) => anEntity([key]));
  const relations = users.flatMap(({ key: from }, index) =>
    ips.slice(0, 2).map(({ key: to }) => ({ from, to, kind: KINDS[index % 2] ?? 'ASSOCIATED_WITH' })),
  );
  const firstSeen = new Date(Date.UTC(2026, 0, 1 + below(20)));
  const lastSeen = new Date(firstSeen.getTime() + 3_600_000);
  return { incidentId, firstSeen, lastSeen, entities: [...users, ...ips], relations };
}

const NODES = `MATCH (n:Entity|Incident|Alert|Technique)
  RETURN labels(n) AS labels, properties(n) AS properties ORDER BY labels[0], n.key`;
const EDGES = `MATCH (a)-[r]->(b)
  RETURN a.key AS from, type(r) AS kind, b.key AS to, properties(r) AS properties ORDER BY from, kind, to`;

interface Dumped {
  readonly labels?: string[];
  readonly properties: Record<string, unknown>;
}

/** Everything that the graph holds but for revisions: what one run and another must agree on. */
export async function dumpGraph(graph: Graph) {
  const ask = async (cypher: string): Promise<unknown[]> => {
    const found = (await graph.read(cypher, {}, { timeoutMs: 30_000 })) as unknown as Dumped[];
    return found.map(({ labels, properties: { rev: _rev, ...properties }, ...row }) => ({
      ...row,
      ...(labels && { labels: labels.toSorted() }),
      properties,
    }));
  };
  return { nodes: await ask(NODES), edges: await ask(EDGES) };
}
